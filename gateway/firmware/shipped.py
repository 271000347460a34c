"""Which files of the firmware are shipped, where they are, and of which version they are.

`setup.py` loads this module to put the same files into what is built: only the standard library here.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDERS = ("arduino/Sensorline", "micropython")
"""Of `firmware-sim/firmware`. The emulator, which is under another licence, is none of them."""
ENDINGS = frozenset({".c", ".cpp", ".h", ".ino", ".md", ".properties", ".py", ".txt"})
_NO_SOURCE = frozenset({"build", "__pycache__"})
_BESIDE = Path(__file__).parent
_CHECKOUT = _BESIDE.parents[1] / "firmware-sim" / "firmware"
OURS = "sensorline-"
"""How the *firmware* in a hello begins where the board runs this one; its version follows."""
_DOTTED = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")
_VERSION = re.compile(r"^version=(\S+)$", re.MULTILINE)


def firmware_folder() -> Path:
    """Where the firmware is: beside this file where it is installed, in the checkout where that is used."""
    return _BESIDE if (_BESIDE / FOLDERS[0]).is_dir() else _CHECKOUT


def shipped_files(source: Path) -> list[Path]:
    """The files, relative to `source`, sorted; nothing that was built, and nothing hidden. Empty if there are
    none."""
    found = [path for folder in FOLDERS for path in (source / folder).rglob("*") if path.is_file()]
    return sorted(
        relative for relative in (path.relative_to(source) for path in found) if _is_source(relative)
    )


def firmware_version(source: Path) -> str | None:
    """Of the Arduino library, such as `2.0.0`; None where it cannot be read."""
    try:
        text = (source / FOLDERS[0] / "library.properties").read_text(encoding="utf-8")
    except OSError:
        return None
    found = _VERSION.search(text)
    return found[1] if found else None


def is_newer(shipped: str, firmware: str) -> bool:
    """Whether a board whose hello has this word for its firmware runs ours, in a version before `shipped`.
    False, too, of a firmware that is not ours, and of a version that is not made of numbers."""
    if not firmware.startswith(OURS):
        return False
    ours, its = _numbers(shipped), _numbers(firmware.removeprefix(OURS))
    return ours is not None and its is not None and its < ours


def _numbers(version: str) -> tuple[int, ...] | None:
    """Without zeros at the end, which say nothing: 2.0 is 2.0.0."""
    if _DOTTED.fullmatch(version) is None:
        return None
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _is_source(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix in ENDINGS and not hidden and _NO_SOURCE.isdisjoint(path.parts)
