"""Why no gateway answers, and what to do: from the carrier's words to those that lead to the remedy. Pure."""

from __future__ import annotations

import re
import time

_START = "is it running? start it with: sig-gateway run"
_ELSEWHERE = "where its router.listen is another, say so: --connect tcp://HOST:PORT"
_NO_MESSAGE = re.compile(r"it sent what is no message: .*, got byte 0x(\w\w)")
_HTTP = ("3c", "48")
"""What an HTTP server's answer begins with: `<` of a page, `H` of HTTP/1.1."""
_WITHOUT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH", "EOF")
_HANGS_UP = ("the peer closed the connection", "Connection reset", "Broken pipe")


def unreachable(url: str, said: str, utc: float) -> str:
    """Behind `error: `. `said`: by the carrier; `utc`: what this machine takes for the time."""
    reason = re.sub(r"\[Errno -?\d+\] ", "", said)
    reason = re.sub(
        r" \(_ssl\.c:\d+\)|\[SSL: \w+\] |^(?:the connection to )?\S+ (?:ended|is not connected): ", "", reason
    )
    begin = f"no gateway answers at {url}: {reason}"
    tls = url.startswith("tls:")
    place = url.partition("://")[2]
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return f"{begin}; {_of_certificate(said, utc)}"
    found = _NO_MESSAGE.search(said)
    if found is not None and found[1] in _HTTP:
        return f"no gateway answers at {url}: an HTTP server does; {_port_of_router()}"
    if found is not None:
        return f"{begin}; another kind of server is there; {_port_of_router()}"
    if tls and any(word in said.upper() for word in _WITHOUT_TLS):
        return f"{begin}; is it a port without TLS? Then: --connect tcp://{place}"
    if url.startswith("tcp:") and any(word in said for word in _HANGS_UP):
        return (
            f"{begin}; is it a port with TLS (router.tls)? Then: --connect tls://{place}; {_port_of_router()}"
        )
    if "not known" in said or "No address" in said or "Temporary failure in name" in said:
        return f"{begin}; is the name right?"
    return f"{begin}; {_START}; {_ELSEWHERE}"


def unauthorized(said: str, *, given: bool) -> str:
    """Behind `error: unauthorized: `: the gateway wants a token, or another one than was `given`."""
    what = "that token is not the gateway's" if given else "this gateway wants a token"
    how = "give its router.token as $SIG_GATEWAY_TOKEN, or in a file: --token-file FILE"
    return f"{what} ({said.partition(':')[0]}); {how}"


def _of_certificate(said: str, utc: float) -> str:
    today = time.strftime("%Y-%m-%d", time.gmtime(utc))
    if "not yet valid" in said:
        return f"this machine's clock says {today}: is it set?"
    if "has expired" in said:
        return f"if it is {today} now, as this machine's clock says, the gateway needs a new one (router.tls)"
    if "mismatch" in said:
        return "connect to a name that is in the certificate"
    return (
        "this machine does not trust who signed it: put that authority's certificate, PEM, into a file, and "
        "say SSL_CERT_FILE=FILE"
    )


def _port_of_router() -> str:
    return "the port is that of the config's router.listen, by default 7300"
