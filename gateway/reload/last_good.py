"""A copy of the last config that was right as a whole and was taken, in the data folder.

It is never used by itself: a gateway that runs with another config than the one in its file would lie. Where
that file has become unreadable, `run` says that the copy is there. Paths in a config are relative to its
folder, so the copy is to be put back in its place, and not to be started from where it is.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.data_folder import OURS
from gateway.kept_file import replace_whole

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.data_folder import DataFolder

logger = logging.getLogger(__name__)

FILE = "last-good-config.yaml"
_DATA = re.compile(r"""\bdata\s*:\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s,}"'#][^,}#\n]*))""")
_DEFAULT = "./data"


def keep(config: Config, folder: DataFolder) -> None:
    """Have it there, for our user alone. Waits for the disk, which is written to only if it is another."""
    if config.left_out or not folder.status().usable:
        return
    path = folder.path / FILE
    try:
        if _is(path, config.text):
            return
        with folder.written.counting():
            replace_whole(path, config.text)
    except OSError as error:
        folder.failed(error)


def advice(config: Path) -> str | None:
    """How to get the last good one back, for a file that cannot be used; None if there is none, or it is the
    same."""
    import shlex  # who starts well does not need it

    for data in _folders(config):
        copy = data / FILE
        with suppress(OSError, ValueError):
            if copy.is_file() and copy.read_bytes() != config.read_bytes():
                back = f"cp {shlex.quote(str(copy))} {shlex.quote(str(config))}"
                return f"the last good one is kept: {copy}; to go back to it: {back}"
    return None


def _is(path: Path, text: str) -> bool:
    with suppress(OSError):
        mode = path.stat().st_mode & 0o777
        return mode == OURS and path.read_bytes() == text.encode()
    return False


def _folders(config: Path) -> list[Path]:
    """Where the data folder may be: what is to be found in a file that cannot be read as it should be."""
    names = [_DEFAULT]
    with suppress(OSError):
        found = _DATA.search(config.read_text(encoding="utf-8", errors="replace"))
        if found is not None:
            names.insert(0, next(filter(None, found.groups())).strip())
    return [config.parent / Path(name).expanduser() for name in dict.fromkeys(names)]
