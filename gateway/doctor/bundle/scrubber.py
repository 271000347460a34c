"""Takes what is private out of texts and of JSON, and counts it. No I/O.

A value that is known is found however it was written: percent-encoded in a URL, escaped in JSON or by Python,
in Base64, in capitals, and cut short with a `…` behind it. One thing has the same number wherever it
stands, so that a reader can tell two hosts apart; secrets have none.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from gateway.doctor.bundle.rules import RULES, Rule

SHORT = 4
"""Of a value of fewer characters only whole words are taken out: the rest of a text is full of such."""
CUT = 12
"""So many characters from a value's begin tell it, whatever follows."""
_MARK = "…"


class Private(NamedTuple):
    """A value that must not be told. `kind`: `secret`, `host`, `user`, `serial`, `Wi-Fi name`."""

    kind: str
    value: str


class Scrubber:
    """`known`: the values; others are found by how they look. `counts`: what was taken out, by kind."""

    def __init__(self, known: Iterable[Private]) -> None:
        self.counts: Counter[str] = Counter()
        self._numbers: dict[tuple[str, str], int] = {}
        kinds: dict[str, str] = {}
        for kind, value in known:
            for form in _forms(value) if kind == "secret" else (value,):
                kinds[form] = kind if kind == "secret" else kinds.get(form, kind)
        self._kinds = {form.lower(): kind for form, kind in kinds.items()}
        longest_first = sorted(kinds, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, longest_first)), re.IGNORECASE) if kinds else None
        begins = {_lowered(form) for form in kinds if kinds[form] == "secret" and len(form) > SHORT}
        self._begins = sorted(begins, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The same without."""
        if self._pattern is not None:
            text = self._pattern.sub(self._known, text)
        text = self._without_begins(text)
        for rule in RULES:
            text = rule.pattern.sub(lambda match, rule=rule: self._by_rule(match, rule), text)  # type: ignore[misc]
        return text

    def data(self, value: Any) -> Any:
        """What JSON can hold, without."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value)
        return value

    def _number(self, value: float) -> Any:
        """A number that a known secret is, such as a PIN, is no number any more."""
        if self._kinds.get(str(value)) != "secret":
            return value
        return self._told("secret", str(value))

    def _known(self, match: re.Match[str]) -> str:
        found = " ".join(match[0].split()).lower()
        return self._told(self._kinds.get(found, "secret"), found)

    def _without_begins(self, text: str) -> str:
        folded = _lowered(text)
        for form in self._begins:
            at = 0
            while (at := folded.find(form[:SHORT], at)) >= 0:
                end = at + _alike(folded[at : at + len(form)], form)
                if end - at >= CUT or folded[end : end + 1] == _MARK:
                    text = text[:at] + self._told("secret", form) + text[end:]
                    folded = folded[:at] + "<secret>" + folded[end:]
                at += 1
        return text

    def _by_rule(self, match: re.Match[str], rule: Rule) -> str:
        group = "it" if "it" in rule.pattern.groupindex else 0
        found = match[group]
        if not found.strip("\"'") or found.lstrip("\"'").startswith("<") or rule.spares(found):
            return match[0]
        begin, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match[0][:begin] + self._told(rule.kind, found.strip("\"'").lower()) + match[0][end:]

    def _told(self, kind: str, value: str) -> str:
        self.counts[kind] += 1
        if kind == "secret":
            return "<secret>"
        number = self._numbers.setdefault((kind, value), 1 + sum(each == kind for each, _ in self._numbers))
        return f"<{kind} {number}>"


def _lowered(text: str) -> str:
    """With as many characters as before: some of other alphabets become two."""
    return "".join(low if len(low := each.lower()) == 1 else each for each in text)


def _forms(value: str) -> Iterator[str]:
    """How a value may be written, without white space around it."""
    for text in {value, value.strip()}:
        if not text.strip():
            continue
        data = text.encode(errors="surrogatepass")
        yield text
        yield text.upper()  # where that is more than other letters, as of `ß`
        yield repr(text)[1:-1]
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield text.encode("unicode_escape").decode()
        yield quote(data)
        yield quote(data, safe="")
        yield quote_plus(data)
        yield base64.b64encode(data).decode().rstrip("=")


def _pattern(form: str) -> str:
    """White space may have been squeezed; what is short stands by itself."""
    words = r"\s+".join(map(re.escape, form.split()))
    return words if len(form) >= SHORT else rf"(?<!\w){words}(?!\w)"


def _alike(text: str, form: str) -> int:
    """How many characters from the begin are the same."""
    return next(
        (at for at, (one, other) in enumerate(zip(text, form, strict=False)) if one != other), len(text)
    )
