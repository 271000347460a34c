"""TLS to the broker. Imported when there is some: OpenSSL costs 3 MB."""

from __future__ import annotations

import ssl

from gateway.mqtt.broker.target import Target


class _ClosedWhenRefused(ssl.SSLSocket):
    """paho leaves a socket whose handshake fails to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def context_of(target: Target) -> ssl.SSLContext:
    """Whom to believe, and who we are. Raises OSError, ssl.SSLError or ValueError."""
    context = ssl.create_default_context(cafile=str(target.ca) if target.ca else None)
    if target.cert is not None:
        context.load_cert_chain(target.cert, target.key)
    context.sslsocket_class = _ClosedWhenRefused
    return context
