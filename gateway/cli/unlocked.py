"""Why no router of a fleet lets us in: zenoh says only that none does, so each is tried again, by hand."""

from __future__ import annotations

import socket
import ssl

from gateway.fleet.session import Settings

TRY_S = 2.0
"""For each router."""


def why_not(settings: Settings) -> str | None:
    """Of the first router that says something; None where none does, nobody listens there, say."""
    if settings.tls is None:
        return None
    for endpoint in settings.routers:
        host, _, port = endpoint.partition("/")[2].rpartition(":")
        problem = _problem(settings, host.strip("[]"), int(port))
        if problem is not None:
            return f"the fleet's router at tls://{host}:{port} does not let us in: {problem}"
    return None


def _problem(settings: Settings, host: str, port: int) -> str | None:
    assert settings.tls is not None
    try:
        context = ssl.create_default_context(cafile=str(settings.tls.ca))
        context.load_cert_chain(settings.tls.cert, settings.tls.key)
    except (ssl.SSLError, OSError) as error:
        return f"our own certificate cannot be used ({settings.tls.cert}): {error}"
    try:
        with (
            socket.create_connection((host, port), TRY_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            secure.settimeout(TRY_S)
            secure.recv(1)  # what it thinks of our certificate
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is none of our fleet's ({error.verify_message})"
    except ssl.SSLError as error:
        return f"it does not know our certificate, {settings.tls.cert} ({error.reason})"
    except OSError:  # nobody listens, or it says nothing, as it should
        return None
    return None
