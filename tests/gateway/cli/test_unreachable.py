"""Why no gateway answers, in words that lead to the remedy."""

import pytest

from gateway.cli.unreachable import unauthorized, unreachable

UTC = 1795329000.0
VERIFY = "TLS handshake failed: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


@pytest.mark.parametrize(
    ("url", "said", "remedy"),
    [
        ("tls://gw:1", VERIFY + "unable to get local issuer certificate (_ssl.c:1)", "SSL_CERT_FILE=FILE"),
        ("tls://gw:1", VERIFY + "self-signed certificate (_ssl.c:1)", "does not trust who signed it"),
        ("tls://gw:1", VERIFY + "Hostname mismatch, …", "; connect to a name that is in the certificate"),
        ("tls://gw:1", VERIFY + "IP address mismatch, …", "; connect to a name that is in the certificate"),
        ("tls://gw:1", VERIFY + "certificate is not yet valid", "clock says 2026-11-22: is it set?"),
        (
            "tls://gw:1",
            VERIFY + "certificate has expired",
            "if it is 2026-11-22 now, as this",
        ),
        (
            "tls://gw:1",
            "[SSL: WRONG_VERSION_NUMBER] wrong version",
            "without TLS? Then: --connect tcp://gw:1",
        ),
        ("tls://gw:1", "[SSL: X] EOF occurred in violation", "without TLS? Then: --connect tcp://gw:1"),
        ("tcp://gw:1", "the peer closed the connection", "with TLS (router.tls)? Then: --connect tls://gw:1"),
        ("tcp://gw:1", "[Errno 104] Connection reset by peer", "Then: --connect tls://gw:1"),
        ("tcp://gw:1", "it sent what is no message: x, got byte 0x3c", "gw:1: an HTTP server does; the port"),
        ("tcp://gw:1", "it sent what is no message: x, got byte 0x20", "another kind of server is there"),
        ("tcp://gw:1", "[Errno -2] Name or service not known", "not known; is the name right?"),
        (
            "tcp://gw:1",
            "[Errno 111] Connection refused",
            ": Connection refused; is it running? start it",
        ),
    ],
)
def test_why(url: str, said: str, remedy: str) -> None:
    """The cause, and what to do."""
    told = unreachable(url, f"the connection to gw:1 ended: {said}", UTC)
    assert told.startswith(f"no gateway answers at {url}: ")
    assert remedy in told
    assert "ended" not in told
    assert "Errno" not in told
    assert "_ssl.c" not in told


def test_a_token() -> None:
    """Named: where it is given."""
    for given, what in ((True, "that token is not the gateway's"), (False, "this gateway wants a token")):
        told = unauthorized("wrong token: call auth", given=given)
        assert told.startswith(what)
        assert "$SIG_GATEWAY_TOKEN" in told
        assert "--token-file FILE" in told
