"""What became of each part, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.config import Config
from gateway.config.problems import Location, path_text
from gateway.reload.plan import Fate, Plan


@dataclass(slots=True)
class Report:
    """Of one reload; written by the thread that does it. `failed`: why a part is as it was before."""

    plan: Plan
    config: Config
    failed: dict[Location, str] = field(default_factory=dict)
    notes: dict[Location, str] = field(default_factory=dict)

    @property
    def parted(self) -> bool:
        """Whether who came by the router is to come anew."""
        return self.plan.fates["router",] is Fate.RESTARTED and ("router",) not in self.failed

    def lines(self) -> list[tuple[str, str, str]]:
        """Each part, what became of it, and what is to be said of that; who was kept at the end."""
        found = [self._line(part, fate) for part, fate in self.plan.fates.items()]
        return sorted(found, key=lambda line: line[1] == Fate.KEPT)

    def as_data(self) -> Mapping[str, Any]:
        """What the request `reload` answers."""
        return {
            "parts": [
                {"part": part, "result": str(result), "message": message}
                for part, result, message in self.lines()
            ],
            "left_out": [str(problem) for out in self.config.left_out for problem in out.problems],
            "warnings": [str(warning) for warning in self.config.warnings],
        }

    def _line(self, part: Location, fate: Fate) -> tuple[str, str, str]:
        if part in self.failed:
            return path_text(part), Fate.FAILED, self.failed[part]
        said = [self.plan.words.get(part, ""), self.notes.get(part, "")]
        return path_text(part), fate, "; ".join(filter(None, said))
