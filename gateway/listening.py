"""Why the gateway cannot listen where its config says, and what to do about it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import Config


def listen_problem(config: Config, section: str, listen: str, error: OSError | ValueError) -> str:
    """`section`: that which says so under `listen`."""
    text = f"{config.where(section, 'listen')}: {section}.listen: cannot listen on {listen}"
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        text += ": it is in use; does another gateway run? End it, or choose another port here"
        return f"{text} (`ss -ltnp` shows who listens where)"
    if number in (errno.EACCES, errno.EPERM):
        return f"{text}: this user may not; choose a port from 1024 on"
    if number == errno.EADDRNOTAVAIL:
        return f"{text}: this machine has no such address; `ip address` shows those it has"
    return f"{text}: {getattr(error, 'strerror', None) or error}"
