"""A line that begins with more or fewer spaces than what it belongs beside."""

from __future__ import annotations

import re

_KEY = re.compile(r"( *)(?:- )?[\w.\"'-]+:(?=\s|$)")


def wrong_indentation(
    problem: str, number: int, column: int, lines: list[str]
) -> tuple[int, int, str] | None:
    """Line and column, from 0, and what to write; None where that is not what is wrong. `problem`: what
    PyYAML says of line `number` at `column`."""
    line = lines[number] if number < len(lines) else ""
    found = _KEY.match(line)
    if found is None:
        return None
    if "'<document start>'" in problem:
        return _of_first_line(lines, number)
    inside = "mapping values are not allowed" in problem and column == found.end() - 1
    if not inside and not ("<block end>" in problem and "<block mapping start>" in problem):
        return None
    indent = len(found[1])
    above = _above(lines, number)
    if not above or any(indent == each for each, _ in above):
        return None
    if inside and _KEY.match(lines[above[0][1]]) is None:
        return None
    wider = [each for each in above if each[0] > indent][-1:]
    narrower = [each for each in above if each[0] < indent][:1]
    write = ", or ".join(f"{each}, as line {at + 1}" for each, at in [*wider, *narrower])
    return number, indent, f"this line begins with {_spaces(indent)}; write {write}"


def _of_first_line(lines: list[str], number: int) -> tuple[int, int, str] | None:
    above = _above(lines, number)
    if not above or not above[-1][0]:
        return None
    indent, first = above[-1]
    text = (
        f"this line begins with {_spaces(indent)}, and line {number + 1} with fewer; write both without any"
    )
    return first, 0, text


def _above(lines: list[str], number: int) -> list[tuple[int, int]]:
    """By how many spaces what is open at line `number` begins, and where, from the innermost outwards."""
    found: list[tuple[int, int]] = []
    for at in range(number - 1, -1, -1):
        text = lines[at]
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        indent = len(text) - len(text.lstrip(" "))
        if not found or indent < found[-1][0]:
            found.append((indent, at))
    return found


def _spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count or 'no'} spaces"
