"""What to do where no connection is to be had: from an error to the words that lead to its remedy. Pure."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, TypeGuard

from gateway.mqtt.broker.target import Target

if TYPE_CHECKING:
    import ssl

_REFUSALS = {
    0x85: "; choose another mqtt.client_id",
    0x86: "; see mqtt.user and mqtt.password",
    0x87: "; see mqtt.user and mqtt.password, and what the broker allows that user",
}
# OpenSSL's X509_V_ERR_…
_NOT_YET_VALID, _EXPIRED = 9, 10
_OTHER_NAME = (62, 64)
"""Of a host, of an IP address."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "EOF")
"""In what OpenSSL says of a server that answers without TLS, or hangs up on its greeting."""
_OUR_CERTIFICATE = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE")
"""In a server's alert."""


def of_refusal(code: int) -> str:
    """Behind the reason for which a broker refuses us; nothing where that says it all."""
    return _REFUSALS.get(code, "")


def of_opening(error: Exception, target: Target, utc: float) -> str:
    """Why there is no connection to `target`, and what to do. `utc`: what this machine takes for the time."""
    if is_of_certificate(error, target):
        return _of_certificate(error, utc)
    if not isinstance(error, OSError | ValueError):
        return f"{type(error).__name__}: {error}"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if target.tls and _is_of_tls(error):
        return text + _of_handshake(error, target)
    if isinstance(error, socket.gaierror):
        return f"{text}; is the name in mqtt.url right?"
    return text


def is_of_certificate(error: Exception, target: Target) -> TypeGuard[ssl.SSLCertVerificationError]:
    """Whether somebody is there, but has no certificate that is believed."""
    if not target.tls:
        return False
    import ssl  # it is there already

    return isinstance(error, ssl.SSLCertVerificationError)


def of_hanging_up(target: Target) -> str:
    """Behind the news that it ended the connection before it said anything, or said nothing at all."""
    if not target.tls:
        return f"; is it a port with TLS? Then write {_scheme(target, tls=True)}: in mqtt.url"
    return "" if target.cert else "; if it wants a certificate of ours, see mqtt.tls.cert"


def _of_certificate(error: ssl.SSLCertVerificationError, utc: float) -> str:
    text = f"its certificate is not trusted: {error.verify_message.rstrip('.')}"
    now = time.strftime("%Y-%m-%d", time.gmtime(utc))  # a problem is told anew when its words are others
    if error.verify_code == _NOT_YET_VALID:
        return f"{text}; this machine's clock says {now}: is it set?"
    if error.verify_code == _EXPIRED:
        return f"{text}; if it is {now} now, as this machine's clock says, the broker needs a new one"
    if error.verify_code in _OTHER_NAME:
        return f"{text}; write a name into mqtt.url that is in the certificate"
    return f"{text}; see mqtt.tls.ca"


def _is_of_tls(error: OSError | ValueError) -> bool:
    """Whether it may come of the handshake: how a port answers that takes it for garbage."""
    import ssl  # with TLS alone

    return isinstance(error, ssl.SSLError | ConnectionResetError | BrokenPipeError) or "handshake" in str(
        error
    )


def _of_handshake(error: OSError | ValueError, target: Target) -> str:
    import ssl

    said = f"{getattr(error, 'reason', '')} {error}".upper()
    if any(word in said for word in _OUR_CERTIFICATE):
        return "; does it want a certificate of ours, or another one? See mqtt.tls.cert"
    if not isinstance(error, ssl.SSLError) or any(word in said for word in _NO_TLS):
        return f"; is it a port without TLS? Then write {_scheme(target, tls=False)}: in mqtt.url"
    return ""


def _scheme(target: Target, *, tls: bool) -> str:
    web = target.transport == "websockets"
    return ("wss" if tls else "ws") if web else ("mqtts" if tls else "mqtt")
