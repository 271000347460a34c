"""The keys of a text link, and what they may be."""

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from drivers.errors import OptionError
from drivers.options import Option
from drivers.stream.text.asking import unescaped
from drivers.stream.text.csv_lines import distinct
from drivers.stream.text.fields import MAX_FIELDS
from drivers.stream.text.patience import nested_repetition
from drivers.stream.text.reader import FORMATS

_LONGEST_PATTERN = 1000
_MOST_PATTERNS = 50
_LONGEST_ASK = 200
_LONGEST_TERMINATOR = 8


def _format(raw: object) -> str:
    if raw not in FORMATS:
        raise ValueError(f"expected json, csv or pairs, got {raw!r}")
    return str(raw)


def _patterns(raw: object) -> Sequence[re.Pattern[str]]:
    listed = raw if isinstance(raw, list | tuple) else [raw]
    if not 0 < len(listed) <= _MOST_PATTERNS:
        raise ValueError(f"expected 1 to {_MOST_PATTERNS} regular expressions, got {len(listed)}")
    return tuple(_pattern(each) for each in listed)


def _named_patterns(raw: object) -> Sequence[re.Pattern[str]]:
    patterns = _patterns(raw)
    for pattern in patterns:
        if not pattern.groupindex:
            raise ValueError(
                f"expected a named group for each value, such as (?P<temp>[-\\d.]+), got {pattern.pattern!r}"
            )
    return patterns


def _pattern(raw: object) -> re.Pattern[str]:
    if not isinstance(raw, str) or not 0 < len(raw) <= _LONGEST_PATTERN:
        raise ValueError(f"expected a regular expression of 1 to {_LONGEST_PATTERN} characters, got {raw!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # what it would mean changes some day
            pattern = re.compile(raw)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        raise ValueError(f"expected a regular expression, got {raw!r}: {error.msg}{where}") from None
    except (FutureWarning, OverflowError, RecursionError) as error:
        raise ValueError(f"expected a regular expression, got {raw!r}: {error}") from None
    if (position := nested_repetition(raw)) is not None:
        raise ValueError(
            f"expected no repetition of a repetition, got {raw!r}: what ends at character {position + 1} can "
            "take for ever on a line that almost fits; repeat one of the two only"
        )
    return pattern


def _separator(raw: object) -> str:
    text = unescaped(raw) if isinstance(raw, str) else ""
    if len(text) != 1 or text.isalnum() or text in '+-.#"\r\n':
        raise ValueError(f'expected one character that is in no number, such as ";" or "\\t", got {raw!r}')
    return text


def _header(raw: object) -> bool | Sequence[str]:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, list) and 0 < len(raw) <= MAX_FIELDS and all(isinstance(n, str) and n for n in raw):
        return tuple(raw)
    raise ValueError(f"expected true, or a list of the columns' names, got {raw!r}")


def _terminator(raw: object) -> bytes:
    data = unescaped(raw).encode() if isinstance(raw, str) else b""
    if not 0 < len(data) <= _LONGEST_TERMINATOR:
        raise ValueError(f'expected what a line ends with, such as "#" or "\\r", got {raw!r}')
    return data


def _ask(raw: object) -> str | Mapping[str, str]:
    if not isinstance(raw, dict):
        return _ask_text(raw)
    if not raw or not all(isinstance(channel, str | int) for channel in raw):
        raise ValueError(f"expected a text for each channel, got {raw!r}")
    return {str(channel): _ask_text(text) for channel, text in raw.items()}


def _ask_text(raw: object) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= _LONGEST_ASK:
        raise ValueError(f'expected a text in quotes, such as "R", got {raw!r}')
    return unescaped(raw)


def _one_of(*choices: str) -> Any:
    def parse(raw: object) -> str:
        if raw not in choices:
            raise ValueError(f"expected {' or '.join(map(repr, choices))}, got {raw!r}")
        return str(raw)

    return parse


OPTIONS: Mapping[str, Option] = {
    "format": Option(
        _format, None, "json, csv or pairs", "What its lines are like; else give a `pattern`.", write="pairs"
    ),
    "pattern": Option(
        _named_patterns,
        None,
        "one or several regular expressions",
        "Each that is found in a line counts; its named groups are channels.",
        write=r"'T=(?P<temp>[-\d.]+)'",
    ),
    "separator": Option(
        _separator,
        None,
        "one character",
        'What is between csv\'s columns: a comma, or with `decimal: ","` a semicolon.',
        write=r'"\t"',
    ),
    "header": Option(
        _header,
        False,
        "true, or a list of names",
        "csv's columns have names, in the first line of words or here.",
        write="true",
    ),
    "terminator": Option(
        _terminator, None, "what a line ends with", "CR, LF or both by default.", write='"#"'
    ),
    "ask": Option(
        _ask,
        None,
        "a text, or one for each channel",
        "What to send for a live read; LF, or the terminator, is put behind it.",
        write='"R"',
    ),
    "checksum": Option(_one_of("nmea"), None, "nmea", "Lines are `$…*hh`; others are dropped.", write="nmea"),
    "ignore": Option(
        _patterns,
        None,
        "one or several regular expressions",
        "Lines in which one is found are not counted as bad.",
        write="'^DHTxx'",
    ),
    "decimal": Option(
        _one_of(".", ","),
        ".",
        '"." or ","',
        "What is between a number's whole part and the rest.",
        write='","',
    ),
}


def check(parsed: Mapping[str, Any]) -> None:
    """What single keys cannot know. Raises `OptionError`."""
    form = parsed["format"]
    if form is None and not parsed["pattern"]:
        raise OptionError(
            "format", "is missing: expected json, csv or pairs, or the key pattern instead", ("pattern",)
        )
    if form is not None and parsed["pattern"]:
        raise OptionError("pattern", f"expected either format or pattern, got both; format is {form}")
    for name in ("separator", "header"):
        if parsed[name] and form != "csv":
            raise OptionError(name, f"expected it with format: csv only; format is {form or 'not there'}")
    if parsed["separator"] == parsed["decimal"]:
        raise OptionError(
            "separator", 'expected another character than decimal, got "," for both; write: separator: ";"'
        )


def channels(parsed: Mapping[str, Any]) -> Collection[str] | None:
    """See `drivers.source.SourceKind`: a pattern's groups; csv's columns, by name and number, where the
    config names them. What JSON or pairs have shows when they come."""
    if parsed["pattern"]:
        return list(dict.fromkeys(group for pattern in parsed["pattern"] for group in pattern.groupindex))
    if parsed["header"] and parsed["header"] is not True:
        return [*distinct(parsed["header"]), *(str(number) for number, _ in enumerate(parsed["header"], 1))]
    return None
