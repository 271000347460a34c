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
# `baud:9600`, which is a text to YAML; not `http://…`.
_GLUED = re.compile(r"\s*(?:- )?(?:\{\s*)?([A-Za-z_][\w-]*):(?!//)([^\s:].*)")
_SECRETS = ("password", "token", "user")
"""Keys of what is never shown."""
_KEY_BEFORE = re.compile(r"([\w-]+)\s*:\s*[^:]*$")
# What a value may not begin with, and what YAML takes it for.
_BEGINS = {"|": "a text of several lines", ">": "a text of several lines", "*": "an alias", "&": "an anchor"}
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
        return f"; write it in quotes: {quoted_for(line, column, _word(line[column:]))}"
    if "unknown escape character" in problem or "escape sequence" in problem:
        return f"; write single quotes around what has a backslash{_single_quoted(line, column)}"
    colon = "mapping values are not allowed" in problem and len(line) <= _MAX_LINE_CHARS
    if colon and (value := _COLON_IN_VALUE.fullmatch(line)) is not None:
        quoted = quoted_for(line, value.start(1), value[1])
        return f"; write a value that has ': ' in it in quotes: {quoted}"
    if "but got ':'" in problem:
        return "; write a value that has ': ' in it in quotes"
    if "but got '<scalar>'" in problem:
        return "; is a comma missing before it?"
    return _of_brace(problem, line, column)


def begun_with(line: str, column: int) -> str | None:
    """What is wrong with a value that begins at or before `column` with a character of YAML's own."""
    begin = max(line.rfind(" ", 0, column), line.rfind(":", 0, column)) + 1
    mark = line[begin : begin + 1]
    if mark not in _BEGINS:
        return None
    return (
        f"'{mark}' begins {_BEGINS[mark]}; write it in quotes: {quoted_for(line, begin, _word(line[begin:]))}"
    )


def _of_brace(problem: str, line: str, column: int) -> str:
    """`{name: ${HOST}}`: between brackets, a brace begins a mapping even within a word."""
    if not re.search(r"but got '[\[{]'", problem):
        return ""
    if line[column - 1 : column] == "$":
        found = re.match(r"\{(\w+)\}", line[column:])
        return f"; a variable is not filled in here: write !env {found[1] if found else 'NAME'}"
    return "; write a value that has a bracket or a brace in it in quotes"


def glued(line: str) -> bool:
    """Whether there is no blank behind the colon of its key."""
    return _GLUED.fullmatch(line) is not None and len(line) <= _MAX_LINE_CHARS


def told_of_glued(line: str) -> tuple[int, str]:
    """For a line that is `glued`: the column behind the colon, from 0, and what to write."""
    found = _GLUED.fullmatch(line)
    assert found is not None
    return found.start(2), missing_blank(found[1], found[2].strip())


def missing_blank(key: str, value: str) -> str:
    """`a blank is missing behind 'baud:'; write: baud: 9600`."""
    shown = "…" if key in _SECRETS or "@" in value else value
    return f"a blank is missing behind '{key}:'; write: {key}: {shown}"


def quoted_for(line: str, column: int, text: str) -> str:
    """`text`, which is in `line` from `column` on, in quotes; an ellipsis in quotes, if it is a secret."""
    key = _KEY_BEFORE.search(line[:column])
    secret = (key is not None and key[1] in _SECRETS) or "@" in text[1:]
    return '"…"' if secret else _quoted(text)


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


def comment_text(value: str, line: str) -> str:
    """What is wrong, and what to write, where `hidden_bracket` found one."""
    text = "'#' begins a comment, to the end of the line"
    return f"{text}; write a value that has '#' in it in quotes: {quoted_for(line, line.find(value), value)}"


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
