"""What PyYAML complains of, in words that lead to the remedy, and where the cause is: often on another line
than the one on which nothing can be understood any more."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from gateway.config.indentation import wrong_indentation
from gateway.config.yaml_remedies import (
    begun_with,
    comment_text,
    glued,
    hidden_bracket,
    quoted_for,
    remedy,
    told_of_glued,
)

_UNQUOTED_ADDRESS = re.compile(
    r"(?<=[:\s])((?:[a-z0-9+]+://)?\[[0-9A-Fa-f.:]*:[^\]\s]*\](?::\d+)?[^\s,}\]]*)"
)
_WORDS = (
    ("mapping values are not allowed here", "a second ':' in one value"),
    ("found character (.+) that cannot start any token", r"a value cannot begin with \1"),
    ("expected <block end>, but found ", "expected another key, but found "),
    ("expected the node content, but found ", "expected a value, but found "),
    ("'<block mapping start>'", "a key"),
    ("'<block end>'", "the end of what is indented alike"),
    ("'<scalar>'", "another value"),
    ("'<stream end>'", "the end of the file"),
    ("^but found another document", "'---' begins another document, and a config is one"),
)
"""What PyYAML says, and what that means."""
_QUOTES = ("'", '"')
_BRACKETS = {"{": "}", "[": "]"}


class Told(NamedTuple):
    """Line and column from 0, and what is wrong there."""

    line: int
    column: int
    text: str


def told(error: yaml.MarkedYAMLError, lines: list[str], source: str) -> Told:
    """What to say of it."""
    mark = error.problem_mark or error.context_mark
    said = error.problem or error.context or ""
    if mark is None:
        return Told(0, 0, said)
    hidden = hidden_bracket(error, lines)
    if hidden is not None:
        line, column, value = hidden
        return Told(line, column, comment_text(value, lines[line]))
    here = Told(mark.line, mark.column, said)
    return (
        _of_address(here, lines)
        or _of_mark(here, lines)
        or _of_missing_blank(error, here, lines)
        or _of_indentation(here, lines)
        or _of_unended(error, here, lines)
        or _of_early_quote(here, source)
        or _as_said(error, here, lines)
    )


def _of_address(here: Told, lines: list[str]) -> Told | None:
    line = _at(lines, here.line)
    for found in _UNQUOTED_ADDRESS.finditer(line):
        if found.start() <= here.column <= found.end() + 1:
            text = f"'[' begins a list; write it in quotes: {quoted_for(line, found.start(), found[1])}"
            return Told(here.line, found.start(), text)
    return None


def _of_mark(here: Told, lines: list[str]) -> Told | None:
    if not re.search("undefined alias|chomping or indentation|expected alphabetic or numeric", here.text):
        return None
    text = begun_with(_at(lines, here.line), here.column)
    return None if text is None else here._replace(text=text)


def _of_missing_blank(error: yaml.MarkedYAMLError, here: Told, lines: list[str]) -> Told | None:
    """`url:mqtt://h` is a text to YAML, which goes on in the next line; that one then makes no sense."""
    if "could not find expected ':'" in here.text and error.context_mark is not None:
        last = error.context_mark.line
    elif "mapping values are not allowed" in here.text:
        last = here.line - 1
    else:
        return None
    first = None
    while last >= 0 and (not lines[last].strip() or glued(lines[last])):
        first = last if lines[last].strip() else first
        last -= 1
    if first is not None:
        return Told(first, *told_of_glued(lines[first]))
    begin = error.context_mark
    if begin is None or "could not find" not in here.text:
        return None
    return Told(begin.line, begin.column, "there is no ':' in this line; write KEY: VALUE")


def _of_indentation(here: Told, lines: list[str]) -> Told | None:
    found = wrong_indentation(here.text, here.line, here.column, lines)
    return None if found is None else Told(*found)


def _of_unended(error: yaml.MarkedYAMLError, here: Told, lines: list[str]) -> Told | None:
    """What begins with a quote or a bracket and has no end; nothing is wrong where that is noticed."""
    begin = error.context_mark
    if begin is None or not (mark := _at(lines, begin.line)[begin.column : begin.column + 1]):
        return None
    if mark in _QUOTES and "quoted scalar" in (error.context or "") and "end of stream" in here.text:
        text = f"the quote ({mark}) that begins here has no end; write it at the end of the value"
        return Told(begin.line, begin.column, text)
    if mark not in _BRACKETS or "flow" not in (error.context or ""):
        return None
    follows = here.line > begin.line and re.match(r"[\w-]+:(\s|$)", _at(lines, here.line))
    if "<stream end>" in here.text or follows:
        end, value = _BRACKETS[mark], _at(lines, begin.line)[begin.column :].strip()
        text = f"the '{mark}' that begins here has no '{end}'; write it behind what belongs to it"
        if here.line > begin.line and len(value) > 1 and ":" not in value and "," not in value:
            quoted = quoted_for(lines[begin.line], begin.column, value)
            text += f", or, where the '{mark}' is part of a value, that in quotes: {quoted}"
        return Told(begin.line, begin.column, text)
    return None


def _of_early_quote(here: Told, source: str) -> Told | None:
    """Something behind a closing quote: that of a value which is not wholly in quotes, or of one whose own
    quote is missing, so that it ends where another one begins."""
    if not re.search(
        r"expected (<block end>|',' or '[}\]]'), but (found|got) '(<scalar>|,|<anchor>|<alias>)'", here.text
    ):
        return None
    before = _quoted_before(source, here)
    if before is None:
        return None
    if before.start_mark.line != before.end_mark.line:
        text = "the quote that begins here has its end on another line; is one missing on this line?"
        return Told(before.start_mark.line, before.start_mark.column, text)
    if before.end_mark.line == here.line and "<block end>" in here.text:
        return Told(
            here.line, here.column, "there is more behind the closing quote; write the whole value in quotes"
        )
    return None


def _quoted_before(source: str, here: Told) -> yaml.ScalarToken | None:
    last = None
    try:
        for token in yaml.scan(source, Loader=yaml.SafeLoader):
            if (token.start_mark.line, token.start_mark.column) >= (here.line, here.column):
                break
            last = token if isinstance(token, yaml.ScalarToken) else last
    except (yaml.YAMLError, ValueError, OverflowError, IndexError):
        return None
    return last if last is not None and last.style in ("'", '"') else None


def _as_said(error: yaml.MarkedYAMLError, here: Told, lines: list[str]) -> Told:
    text = here.text
    for said, meant in _WORDS:
        text = re.sub(said, meant, text)
    text += remedy(here.text, _at(lines, here.line), here.column)
    context = error.context_mark
    if error.context and context is not None and context.line != here.line:
        text += f" ({error.context}, which began on line {context.line + 1})"
    return here._replace(text=text)


def _at(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""
