"""The link that a simulated board makes to its pseudo-terminal, and whether the board still lives.

A killed simulator leaves its link, and the kernel gives the pseudo-terminal's number to the next who asks: a
person's shell. Beside the link is the simulator's control socket, `LINK.control` (docs/simulator.md); when
nobody listens there, the link is not to be followed.
"""

import os
import socket
import stat
from pathlib import Path

_LINKS = 8  # a chain longer than this leads nowhere


def is_stale(path: str) -> bool:
    """Whether `path`, or a link that it leads to, was made by a simulator that is gone. Takes no time."""
    link = Path(path)
    for _ in range(_LINKS):
        if not link.is_symlink():
            return False
        if control_answers(str(link)) is False:
            return True
        try:
            link = link.parent / link.readlink()
        except OSError:  # it has just been removed
            return False
    return False


def control_answers(path: str) -> bool | None:
    """Whether somebody listens at the control socket beside the link `path`; None when there is none. True
    also when that may not be asked: another user's."""
    control = Path(f"{path}.control")
    try:
        if not stat.S_ISSOCK(control.lstat().st_mode):
            return None
        # By its folder, since an address may have 107 bytes at most.
        folder = os.open(control.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.setblocking(False)
            caller.connect(f"/proc/self/fd/{folder}/{control.name}")
    except ConnectionRefusedError:
        return False
    except FileNotFoundError:
        return None
    except OSError:
        return True
    finally:
        os.close(folder)
    return True
