"""Where `sig.aio.connect` connects to, as one writes it."""

from __future__ import annotations

import pytest

from gateway.cli.client import parse_url
from sig import aio
from sig.aio.address import parse_address

GOOD = {
    "tcp://greenhouse.local:7301": ("greenhouse.local", 7301, False),
    "tcp://127.0.0.1": ("127.0.0.1", 7300, False),
    "tcp://[::1]:7301/": ("::1", 7301, False),
    "tls://greenhouse.local": ("greenhouse.local", 7300, True),
    "greenhouse.local:7301": ("greenhouse.local", 7301, False),
    "greenhouse": ("greenhouse", 7300, False),
    "[::1]": ("::1", 7300, False),
    "[::1]:7301": ("::1", 7301, False),
    ":7301": ("127.0.0.1", 7301, False),
    "unix:/run/sig.sock": ("unix:/run/sig.sock", 0, False),
    "unix:///run/sig.sock": ("unix:/run/sig.sock", 0, False),
    "unix:sig.sock": ("unix:sig.sock", 0, False),
}
BAD = [
    "",
    "http://greenhouse:8300",
    "tcp://",
    "tcp://:7300",
    "tcp://host:0",
    "tcp://host:70000",
    "tcp://host:port",
    "tcp://user@host:7300",
    "tcp://host:7300/path",
    "tcp://host:7300?token=x",
    "::1",
    "unix:",
    "unix:/run/\0sig",
]


@pytest.mark.parametrize("url", GOOD)
def test_good_ones(url: str) -> None:
    """As the command line's `--connect` takes them."""
    found = parse_address(url)
    assert (found.host, found.port, found.tls) == GOOD[url]
    theirs = parse_url(url)
    assert (theirs.host, theirs.port, theirs.tls) == GOOD[url]
    assert parse_address(str(found)) == found


@pytest.mark.parametrize("url", BAD)
def test_bad_ones(url: str) -> None:
    """Refused before anything is tried, with what is expected."""
    with pytest.raises(ValueError, match=r"expected tcp://host:port, tls://host:port or unix:/path, got '"):
        aio.connect(url)
