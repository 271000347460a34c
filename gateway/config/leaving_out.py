"""What is left out of a config with errors, so that the rest can be used.

A part is one entry of `links` or `sensors`, or an optional section. One that has an error is taken out of the
document, with the sensors of a link that was; then the document is read again, by the same checks, until they
find nothing. So what is left is right, whatever was wrong: a collision with a part that is out is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gateway.config.document import Document
from gateway.config.problems import Location, Problem, in_order_of_the_file, path_text, shown

NAMED = ("links", "sensors")
"""Sections of which each entry is a part."""
OPTIONAL = ("mqtt", "http", "history", "fleet")
"""Sections that are a part each."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part that cannot be used. `part`: `("links", "board")`, `("mqtt",)`; `problems`: why, in the order of
    the file, at least one. `unread`: it is not the one that the config has under this name, which came
    first; or it has no name."""

    part: Location
    problems: tuple[Problem, ...]
    unread: bool = False

    @property
    def name(self) -> str:
        """`links.board`; with its line where another part is called so."""
        name = path_text(self.part)
        return f"{name} (line {self.problems[0].line})" if self.unread else name

    @property
    def reason(self) -> str:
        """`left out: config.yaml:3: links.board.baud: expected …`, of its first problem."""
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        return f"left out: {self.problems[0]}{more}"


class Leaving:
    """What has been left out of one document so far."""

    def __init__(self) -> None:
        self._out: dict[tuple[Location, int], list[Problem]] = {}

    def left_out(self) -> tuple[LeftOut, ...]:
        """In the order of the file."""
        parts = [
            LeftOut(part, tuple(in_order_of_the_file(problems)), unread=line != 0)
            for (part, line), problems in self._out.items()
        ]
        return tuple(sorted(parts, key=lambda out: out.problems[0].line))

    def without(self, document: Document) -> Document | None:
        """`document` without the parts that have problems, to be read again; None where something is wrong
        that is in no part."""
        gone = self._broken_parts(document.problems)
        if gone is None:
            return None
        gone |= self._sensors_of(gone, document)
        return replace(document, tree=_pruned(document.tree, gone), problems=[])

    def _broken_parts(self, problems: list[Problem]) -> set[Location] | None:
        """Those that are to be taken out of the document."""
        firm: set[Location] = set()
        collisions: list[tuple[Location, Problem]] = []
        for problem in problems:
            part = _part_of(problem)
            if part is None:
                return None
            if _is_unread(problem):
                self._note(part, problem, problem.line)
            elif problem.collides is not None:
                collisions.append((part, problem))
            else:
                self._note(part, problem)
                firm.add(part)
        for part, problem in collisions:
            if problem.collides not in firm or part in firm:  # else it may be all that there is by then
                self._note(part, problem)
        return {part for part, line in self._out if not line}

    def _sensors_of(self, gone: set[Location], document: Document) -> set[Location]:
        """The sensors of links that are gone."""
        sensors = document.tree.get("sensors")
        found: set[Location] = set()
        for name, sensor in sensors.items() if isinstance(sensors, dict) else ():
            link = sensor.get("link") if isinstance(sensor, dict) else None
            if not isinstance(link, str) or ("links", link) not in gone:
                continue
            where: Location = ("sensors", name, "link")
            called = None if where in document.secrets else link
            text = link_is_out(called, document.line(("links", link)))
            self._note(where[:2], Problem(document.file, document.line(where), text, where))
            found.add(where[:2])
        return found

    def _note(self, part: Location, problem: Problem, line: int = 0) -> None:
        self._out.setdefault((part, line), []).append(problem)


def link_is_out(link: str | None, line: int) -> str:
    """Why a sensor is left out whose link is, in `line`; None for a link whose name is secret."""
    return f"its link{'' if link is None else f' {shown(link)}'} is left out, see line {line}; mend that"


def _part_of(problem: Problem) -> Location | None:
    """The part that is left out because of it."""
    section = problem.path[0] if problem.path else None
    if section in OPTIONAL:
        return problem.path[:1]
    if section in NAMED and (len(problem.path) > 1 or problem.outside):
        return problem.path[:2]
    return None


def _is_unread(problem: Problem) -> bool:
    """Whether it is about a part that is not in the document, and not about a key in one."""
    outside = problem.outside
    return outside is not None and (outside == () or (len(outside) == 1 and outside[0] in NAMED))


def _pruned(tree: dict[str, Any], gone: set[Location]) -> dict[str, Any]:
    left = {name: section for name, section in tree.items() if (name,) not in gone}
    for name in NAMED:
        if isinstance(section := left.get(name), dict):
            left[name] = {key: value for key, value in section.items() if (name, key) not in gone}
    return left
