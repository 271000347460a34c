"""Whether the files that a config names as certificates and keys can be used."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from gateway.config.document import Document
from gateway.config.problems import Location


def unreadable(path: Path) -> str:
    """Why the file cannot be read; nothing if it can."""
    try:
        if not path.is_file():
            return os.strerror(errno.EISDIR if path.is_dir() else errno.ENOENT)
        with path.open("rb"):
            return ""
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        return "not a path"


def check_certificate(cert: Path, key: Path, document: Document, where: Location) -> None:
    """A certificate with its private key."""
    import ssl  # costs 10 ms, and few configs have TLS

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # The password callback keeps OpenSSL from asking on the terminal.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        text = f"expected a certificate and its private key without a passphrase, both PEM; OpenSSL: {reason}"
        document.complain(where, text)


def check_authority(ca: Path, document: Document, where: Location) -> None:
    """A certificate to trust."""
    import ssl  # as above

    try:
        ssl.create_default_context(cafile=str(ca))
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        document.complain(where, f"expected a certificate, PEM; OpenSSL: {reason}")
