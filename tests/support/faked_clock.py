"""A wall clock that is wrong, for a process of its own: libfaketime."""

from pathlib import Path
from typing import Self

import pytest

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class Faked:
    """The wall clock that a process under libfaketime sees; its CLOCK_BOOTTIME is the machine's."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faketime"

    @classmethod
    def required(cls, folder: Path) -> Self:
        """One; skips the test where libfaketime is not installed."""
        if not LIBRARIES:
            pytest.skip("libfaketime is not installed; on Debian: apt-get install libfaketime")
        return cls(folder)

    def off(self, seconds: float) -> None:
        """So far from the truth, from now on."""
        new = self._file.with_name("faketime.new")
        new.write_text(f"{seconds:+.0f}s" if seconds else "+0")
        new.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """For the process."""
        return {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
