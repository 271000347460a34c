"""URLs, JSON and parameters."""

import click
import pytest

from gateway.cli.client import Target, parse_url, to_json
from gateway.cli.requests import parse_params


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("tcp://127.0.0.1:7300", "127.0.0.1", 7300, False),
        ("tcp://greenhouse", "greenhouse", 7300, False),
        ("tcp://[::1]:80/", "::1", 80, False),
        ("127.0.0.1:7300", "127.0.0.1", 7300, False),
        ("[::1]:80", "::1", 80, False),
        ("tls://gw:1", "gw", 1, True),
        ("greenhouse", "greenhouse", 7300, False),
        ("192.168.1.7", "192.168.1.7", 7300, False),
        ("[fe80::1%eth0]", "fe80::1%eth0", 7300, False),
        ("unix:/run/s", "unix:/run/s", 0, False),
        ("unix:///run/s", "unix:/run/s", 0, False),
        ("unix:s", "unix:s", 0, False),
    ],
)
def test_urls(url: str, host: str, port: int, tls: bool) -> None:
    """TCP, TLS, IPv6, Unix sockets; a host and a port alone are TCP."""
    assert parse_url(url) == Target(url if "://" in url or port == 0 else f"tcp://{url}", host, port, tls)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://a",
        "mqtt://a:1883",
        "tcp://",
        "a:x",
        "a:99999",
        "u@a:1",
        "tcp://a:x",
        "tcp://a:99999",
        "tcp://a:0",
        "tcp://a/b",
        "tcp://u@a",
        "unix:",
        "tcp://[x",
    ],
)
def test_bad_urls(url: str) -> None:
    """A usage error that shows the three forms."""
    with pytest.raises(click.BadParameter, match="expected tcp://host:port, tls://host:port or unix:/path"):
        parse_url(url)


def test_params() -> None:
    """JSON of any kind; an error has the place, a pointer to it, and an example."""
    assert parse_params('{"max_age": 5}') == {"max_age": 5}
    assert parse_params("null") is None
    with pytest.raises(click.BadParameter) as caught:
        parse_params('{"a": 1 2}')
    lines = caught.value.message.splitlines()
    assert "at column 9" in lines[0]
    assert lines[1:] == ['  {"a": 1 2}', "          ^"]
    for text in ("", "[" * 100_000, '{\n"a" 1}', "x" * 1000):
        with pytest.raises(click.BadParameter):
            parse_params(text)


def test_json_is_one_line() -> None:
    """Whatever is in it."""
    assert "\n" not in to_json({"a": "b\nc", "°": 1})
