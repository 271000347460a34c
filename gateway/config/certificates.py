"""Whether the files that a config names as certificates and keys can be used."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from gateway.config.context import Context
from gateway.config.credentials import AT_A_START, handed_over, place_of
from gateway.config.document import Document
from gateway.config.problems import Location, shown


def find(names: Mapping[str, str], context: Context, section: str) -> tuple[dict[str, Path], bool]:
    """Where the files of `section`'s `tls` are, by key, and whether all can be read; what cannot is noted."""
    readable = True
    paths = {key: place_of(name, context.folder, context.credentials) for key, name in names.items()}
    for key, path in paths.items():
        problem, denied = _unreadable(path)
        if problem:
            readable = False
            late = context.credentials is not None and handed_over(names[key])
            hint = f"; {AT_A_START}" if late else ""
            text = f"{shown(names[key])} cannot be read: {problem}{hint}"
            note = context.document.may_not_read if denied else context.document.complain
            note((section, "tls", key), text)
    return paths, readable


def _unreadable(path: Path) -> tuple[str, bool]:
    """Why the file cannot be read, nothing if it can; and whether that is for this user alone."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return os.strerror(errno.EISDIR if stat.S_ISDIR(mode) else errno.ENOENT), False
        with path.open("rb"):
            return "", False
    except OSError as error:
        return error.strerror or str(error), isinstance(error, PermissionError)
    except ValueError:
        return "not a path", False


def check_certificate(cert: Path, key: Path, document: Document, where: Location) -> None:
    """A certificate with its private key."""
    import ssl  # costs 10 ms, and few configs have TLS

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # The password callback keeps OpenSSL from asking on the terminal.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        why = _which_of_both(getattr(error, "reason", None) or "", cert)
        text = f"expected a certificate and its private key without a passphrase, both PEM; {why}"
        document.complain(where, text)


def _which_of_both(reason: str, cert: Path) -> str:
    """What is wrong, by the config's keys. `reason`: OpenSSL's; it has none where a file is not what it is to
    be."""
    import ssl

    if reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
        return "key is that of another certificate than cert"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cert)
    except (ssl.SSLError, OSError, ValueError):
        return "there is no certificate in cert"
    return f"OpenSSL: {reason}" if reason else "there is no private key in key, or it has a passphrase"


def check_authority(ca: Path, document: Document, where: Location) -> None:
    """A certificate to trust."""
    import ssl  # as above

    try:
        ssl.create_default_context(cafile=str(ca))
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        document.complain(where, f"expected a certificate, PEM; OpenSSL: {reason}")
