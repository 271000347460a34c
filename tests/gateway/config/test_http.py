"""Where the page is found."""

import socket

import pytest

from gateway.config.models import HttpSection


@pytest.mark.parametrize(
    ("listen", "tls", "expected"),
    [
        ("127.0.0.1:8300", False, "http://127.0.0.1:8300"),
        ("127.0.0.1:8300", True, "https://127.0.0.1:8300"),
        ("0.0.0.0:8300", False, f"http://{socket.gethostname()}:8300"),
        ("[::]:8300", False, f"http://{socket.gethostname()}:8300"),
        ("[::1]:8300", False, "http://[::1]:8300"),
        ("unix:/run/x", False, "unix:/run/x"),
    ],
)
def test_the_page_s_address(listen: str, tls: bool, expected: str) -> None:
    """As a browser takes it."""
    given: dict[str, object] = {"listen": listen, "token": "x" * 16}
    if tls:
        given["tls"] = {"cert": "cert.pem", "key": "key.pem"}
    assert HttpSection.model_validate(given).url == expected
