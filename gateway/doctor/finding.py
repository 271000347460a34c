"""What a check has found: a colour, a sentence, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple


class Level(StrEnum):
    """How bad it is."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


class Finding(NamedTuple):
    """`check`: which of them has found it, a word that stays the same. `remedy`: what to type or do; empty
    where nothing is to be done."""

    check: str
    level: Level
    message: str
    remedy: str = ""

    def as_data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "check": self.check,
            "level": str(self.level),
            "message": self.message,
            "remedy": self.remedy or None,
        }


def worst(findings: Iterable[Finding]) -> Level:
    """Of all; green for none."""
    levels = {finding.level for finding in findings}
    return next((level for level in Level if level in levels), Level.GREEN)


def report(findings: Iterable[Finding]) -> dict[str, Any]:
    """`{"status", "checks": [{"check", "level", "message", "remedy"}]}`."""
    found = list(findings)
    return {"status": str(worst(found)), "checks": [finding.as_data() for finding in found]}
