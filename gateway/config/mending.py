"""What was written, mended: the nearest to it that its key takes.

Nothing here knows what a key takes: each way to mend a value is tried on the key's own check, and the first
that passes is what to write.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from gateway.config.characters import seen, without_curly
from gateway.config.scalars import PREFIX, scalar_value

Accepts = Callable[[object], bool]

MAX_CHARS = 100
"""Nobody copies more than that from an error."""

_SECONDS = {
    "ms": 0.001, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400, "w": 604800, "week": 604800, "weeks": 604800,
    "y": 31536000, "year": 31536000, "years": 31536000,
}  # fmt: skip
_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*([a-z]+)")
_LAST_PART = re.compile(r"(.*\d\s*[hm])\s*(\d{1,2})")
_FINER = {"h": "min", "m": "s"}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])i?b?(?:ytes?)?", re.IGNORECASE)
_WITH_UNIT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*[^\W\d_][^\d]{0,11}|[-+]?(\d+(?:\.\d+)?)\s*[°%].{0,3}")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[,.' ]\d{3})+")
_PLAIN = re.compile(r"[^\s\[\]{},#&*!|>'\"%@`?:-](?:[^\[\]{},#:]|:(?=\w))*")
_PLACE = re.compile(r"(?:[a-z]+://)?(\*|[\w.-]*|\[[^\]]*\]|[0-9a-f:]+):(\d{1,5})/?", re.IGNORECASE)


def mended(value: object, accepts: Accepts, *, name: bool = False) -> str | None:
    """What to write instead of `value`, which is refused; None where nothing like it is taken. `accepts`:
    whether the key takes a value. `name`: it takes words that people make up."""
    for written in _ways(value, accepts, name=name):
        for candidate in (read(written), written):
            source = quoted_if_needed(written) if isinstance(candidate, str) else written
            same = type(candidate) is type(value) and candidate == value
            if not same and len(source) <= MAX_CHARS and accepts(candidate):
                return source
    return None


def read(written: str) -> object:
    """What YAML makes of a word without quotes."""
    tag: str = yaml.SafeLoader("").resolve(yaml.ScalarNode, written, (True, False))  # type: ignore[no-untyped-call]
    return scalar_value(yaml.ScalarNode(tag, written))[1] if tag.startswith(PREFIX) else written


def quoted_if_needed(text: str) -> str:
    """`text` as YAML reads it as this text, wherever it stands."""
    if _PLAIN.fullmatch(text) and text == text.strip() and isinstance(read(text), str):
        return text
    return json.dumps(text, ensure_ascii=False)


def _ways(value: object, accepts: Accepts, *, name: bool) -> Iterator[str]:
    if isinstance(value, bool):
        return
    is_place = accepts("127.0.0.1:80") and not accepts("a word")
    if is_place and isinstance(value, int | str):
        yield from _of_place(str(value))
    if isinstance(value, int | float):
        yield from _of_number(value)
    elif isinstance(value, str):
        text = _without_marks(value)
        for way in (text, *_of_number_text(text), *_of_span(text), *_of_size(text), text.lower()):
            if way:
                yield way
        if not accepts("1min") and not accepts("100MB"):  # where a unit counts it is not left out
            found = _WITH_UNIT.fullmatch(text.replace(",", "."))
            yield found[1] or found[2] if found else ""
        if name:
            yield _as_name(text)


def _without_marks(text: str) -> str:
    """Without curly quotes, invisible characters, and with the signs that are on a keyboard."""
    text = seen(without_curly(seen(text)))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return re.sub(r"^[−–—](?=[\d.])", "-", text)


def _of_number(value: Any) -> Iterator[str]:
    if value in (0, 1):
        yield "true" if value else "false"
    if isinstance(value, float) and int(value) == value:  # 9600.0
        yield str(int(value))


def _of_number_text(text: str) -> Iterator[str]:
    yield re.sub(r"(\d),(\d)", r"\1.\2", text)
    if _THOUSANDS.fullmatch(text):
        yield re.sub(r"[,.' ]", "", text)


def _of_span(text: str) -> Iterator[str]:
    """`5m`, `1h30`, `90 sec`, `1 week`, as one number and a unit that there is."""
    text = text.lower().replace(",", ".")
    last = _LAST_PART.fullmatch(text)
    if last is not None:
        text = f"{last[1]}{last[2]}{_FINER[last[1][-1]]}"
    parts = _SPAN.findall(text)
    rest = _SPAN.sub("", text).replace("and", "").strip()
    if not parts or rest or any(unit not in _SECONDS for _, unit in parts):
        return
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= length and seconds % length == 0:
            yield f"{seconds / length:.0f}{unit}"
            return
    yield f"{round(seconds * 1000)}ms"


def _of_size(text: str) -> Iterator[str]:
    found = _SIZE.fullmatch(text.replace(",", "."))
    if found is not None:
        yield f"{found[1]}{found[2].upper()}B"


def _of_place(text: str) -> Iterator[str]:
    """Where to listen: `*:7300`, `:7300`, `::1:7300`, `7300`, `tcp://127.0.0.1:7300`."""
    found = _PLACE.fullmatch(text)
    if found is None:
        if text.isdecimal():
            yield f"127.0.0.1:{text}"
        return
    host = {"": "127.0.0.1", "*": "0.0.0.0"}.get(found[1], found[1])  # noqa: S104 - what `*` says
    yield f"[{host}]:{found[2]}" if ":" in host and host[0] != "[" else f"{host}:{found[2]}"


def _as_name(text: str) -> str:
    """Its letters without their accents, its words with a dash between them."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", bare.replace("ß", "ss")).strip("-.")[:48]
