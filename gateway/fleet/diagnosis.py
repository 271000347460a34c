"""Why no router lets us in. zenoh says the same of every cause: one more connection is made, and looked at.

Only after a failure, and for a few seconds at most. Threads: the caller's; it waits.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.fleet.session import Tls

WITHIN_S = 2.0
"""For each step: to be connected, to shake hands, to be refused."""
ENROL = "`sig-gateway fleet enrol` made them all in one folder: ca.pem, cert.pem and key.pem go together"
RUNNING = "is `sig-gateway fleet-router` running there?"

_THEIR_WORDS = {
    "EXPIRED": "our certificate is not valid by the router's clock: it has expired (`sig-gateway fleet list` "
    "tells, `fleet renew` makes another), or the router's clock is wrong",
    "UNKNOWN_CA": f"the router does not trust our certificate, which is of another authority; {ENROL}",
    "DECRYPT_ERROR": f"the router does not trust our certificate, which is of another authority; {ENROL}",
    "CERTIFICATE_REQUIRED": "the router wants a certificate of us: give tls with ca, cert and key",
    "BAD_CERTIFICATE": "the router refuses our certificate, as none that it can use",
}
"""Of the alert that a router ends a handshake with, in OpenSSL's reason."""
_OF_ANOTHER = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH")
"""OpenSSL's reasons where a key is not the certificate's."""
_EXPIRED, _NOT_YET, _UNTRUSTED, _NAME, _ADDRESS = 10, 9, (18, 19, 20, 21), 62, 64
"""X509_V_ERR_… of OpenSSL's x509_vfy.h."""


class Place(NamedTuple):
    """Of a router."""

    scheme: str
    host: str
    port: int


def place_of(endpoint: str) -> Place:
    """Of `tls/host:port`, as `session.endpoint` makes it."""
    scheme, _, address = endpoint.partition("/")
    host, _, port = address.rpartition(":")
    return Place(scheme, host.strip("[]"), int(port))


def why_not(endpoint: str, tls: Tls | None) -> str:
    """The cause, and what to do; empty where nothing can be found."""
    place = place_of(endpoint)
    try:
        with socket.create_connection((place.host, place.port), WITHIN_S) as link:
            link.settimeout(WITHIN_S)
            return _greeted(link, place, tls)
    except socket.gaierror as error:
        return f"there is no host of that name ({error.strerror})"
    except TimeoutError:
        return f"nothing is heard from there: {RUNNING} is a firewall between?"
    except ConnectionRefusedError:
        return f"connection refused: {RUNNING}"
    except OSError as error:
        return f"{error.strerror or error}; {RUNNING}"


def problem_of_own(tls: Tls) -> str:
    """What is wrong with our own files, whoever the router is; empty if nothing is."""
    for path in (tls.ca, tls.cert, tls.key):
        try:
            path.read_bytes()
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
    for path in (tls.ca, tls.cert):
        if not _has_certificate(path):
            return f"there is no certificate in {path}; {ENROL}"
    try:
        _context(tls)
    except ssl.SSLError as error:
        if error.reason in _OF_ANOTHER:
            return f"{tls.key} is the key of another certificate than {tls.cert}; {ENROL}"
        return f"there is no private key in {tls.key}, or it has a passphrase; {ENROL}"
    return ""


def _has_certificate(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True


def _context(tls: Tls | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # nothing is said there, only looked at
        return context
    context.load_verify_locations(tls.ca)
    context.load_cert_chain(tls.cert, tls.key, password=lambda: "")
    return context


def _greeted(link: socket.socket, place: Place, tls: Tls | None) -> str:
    """What comes of a handshake."""
    try:
        with _context(tls).wrap_socket(link, server_hostname=place.host) as secure:
            if place.scheme == "tcp":
                return f"TLS is spoken there: write tls://{place.host}:{place.port}, with certificates"
            return _after_handshake(secure)
    except ssl.SSLCertVerificationError as error:
        return _their_certificate(error, place)
    except (ssl.SSLError, ConnectionError) as error:
        said = _refused(error)
        if place.scheme == "tcp":
            return (
                f"TLS is spoken there: write tls://{place.host}:{place.port}, with certificates"
                if said
                else ""
            )
        return (
            said
            or f"no TLS is spoken there ({getattr(error, 'reason', None) or error}): a router without it?"
        )
    except TimeoutError:
        if place.scheme == "tcp":
            return ""
        return "it listens, and does not speak TLS: a router without it, or something else?"


def _after_handshake(secure: ssl.SSLSocket) -> str:
    """In TLS 1.3 a server looks at our certificate after the client's part is over, and says so then."""
    try:
        secure.recv(1)
    except ssl.SSLError as error:
        return _refused(error) or f"the router ends the handshake ({error.reason})"
    except (TimeoutError, OSError):
        pass
    return ""


def _refused(error: OSError) -> str:
    reason = getattr(error, "reason", None) or ""
    return next((text for word, text in _THEIR_WORDS.items() if word in reason), "")


def _their_certificate(error: ssl.SSLCertVerificationError, place: Place) -> str:
    code = error.verify_code
    if code in _UNTRUSTED:
        return f"the router's certificate is not of our fleet's authority; {ENROL}"
    if code in (_NAME, _ADDRESS):
        return (
            f"the router is not enrolled as {place.host!r}: use the name that it was enrolled with, or enrol "
            "it with --again, and --router naming this one as well"
        )
    if code == _EXPIRED:
        return "the router's certificate has expired, by our clock: `sig-gateway fleet renew` for the router"
    if code == _NOT_YET:
        return "the router's certificate is not yet valid: this machine's clock is wrong"
    return f"the router's certificate is refused: {error.verify_message}"
