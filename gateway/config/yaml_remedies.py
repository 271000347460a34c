"""What to write instead of what YAML does not take: the traps that everybody falls into once."""

from __future__ import annotations

import re

import yaml

# The port of the first config anybody writes: YAML takes its colon for a mapping's.
_UNQUOTED_PORT = re.compile(r"\bport:\s*(sim:[^\s,}\"']*)")
# `channel: Temperature: C`, from the value on.
_COLON_IN_VALUE = re.compile(r"\s*(?:- )?[^\s:#\"'{\[]+:\s+([^\s\"'{\[|>&*!].*?:(?: .*?)?)(?:\s+#.*)?\s*")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# `{channel: #1}`: a comment from there on, closing bracket and all.
_COMMENT = re.compile(r"\s(#[^\s#,}\]]+)")
# Whoever writes longer lines by hand finds the place without an example of what to write.
_MAX_LINE_CHARS = 300


def remedy(problem: str, line: str, column: int) -> str:
    """`; write …` for what PyYAML says of `line` at `column` (from 0); "" where no remedy is known."""
    port = _UNQUOTED_PORT.search(line)
    if port is not None:
        return f'; write: port: "{port[1]}"'
    if "\\t" in problem:
        return "; write: spaces instead of the tab"
    if "cannot start any token" in problem:
        return f"; write it in quotes: {_quoted(_word(line[column:]))}"
    if "unknown escape character" in problem or "escape sequence" in problem:
        return f"; write single quotes around what has a backslash{_single_quoted(line, column)}"
    colon = "mapping values are not allowed" in problem and len(line) <= _MAX_LINE_CHARS
    if colon and (value := _COLON_IN_VALUE.fullmatch(line)) is not None:
        return f"; write a value that has ': ' in it in quotes: {_quoted(value[1])}"
    if "but got ':'" in problem:
        return "; write a value that has ': ' in it in quotes"
    return ""


def hidden_bracket(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[int, int, str] | None:
    """Line and column, from 0, and the value, where a `#` made a comment of a flow mapping's or list's end;
    None where that is not what is wrong."""
    end = error.problem_mark
    if end is None or "flow" not in (error.context or ""):
        return None
    # The nearest one before what could not be understood any more.
    for number in reversed(range(min(end.line + 1, len(lines)))):
        line = lines[number]
        found = _COMMENT.search(line)
        if found is None or not set("}]") & set(line[found.end() :]):
            continue
        before = line[: found.start()].rstrip()
        if before.endswith((":", ",", "[")) and set("{[") & set(before):
            return number, found.start(1), found[1]
    return None


def comment_text(value: str) -> str:
    """What is wrong, and what to write, where `hidden_bracket` found one."""
    text = "'#' begins a comment, to the end of the line"
    return f"{text}; write a value that has '#' in it in quotes: {_quoted(value)}"


def _word(rest: str) -> str:
    found = re.match(r"[^\s,}\]]+", rest)
    return found[0] if found else rest[:1]


def _quoted(text: str) -> str:
    return f'"{text}"' if not set(text) & set('"\\') else "'" + text.replace("'", "''") + "'"


def _single_quoted(line: str, column: int) -> str:
    for found in _DOUBLE_QUOTED.finditer(line):
        if found.start() <= column < found.end() and "'" not in found[1]:
            return f": '{found[1]}'"
    return ""
