"""Which files of the firmware are shipped, and where they are.

`setup.py` loads this module to put the same files into what is built: only the standard library here.
"""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("arduino/Sensorline", "micropython")
"""Of `firmware-sim/firmware`. The emulator, which is under another licence, is none of them."""
ENDINGS = frozenset({".c", ".cpp", ".h", ".ino", ".md", ".properties", ".py", ".txt"})
_LEFT_OUT = frozenset({"build", "__pycache__", "unix_main.py"})
"""What builds leave, and what is for tests."""
_BESIDE = Path(__file__).parent
_CHECKOUT = _BESIDE.parents[1] / "firmware-sim" / "firmware"


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


def _is_source(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix in ENDINGS and not hidden and _LEFT_OUT.isdisjoint(path.parts)
