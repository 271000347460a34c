"""What was written for a sensor's driver or a link's protocol, against its option table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.config.catalog import defect
from gateway.config.document import Document
from gateway.config.explain import complain_of_key, shown_at
from gateway.config.mending import mended
from gateway.config.problems import Location, glued_key
from gateway.config.secret_values import holds_secret, read_secrets

if TYPE_CHECKING:
    from drivers.options import Option


def check_options(
    table: Mapping[str, Option],
    own: Sequence[str],
    value: dict[str, Any],
    path: Location,
    document: Document,
    elsewhere: Callable[[str], str | None],
) -> dict[str, Any]:
    """Every option of `table`: parsed, or its default where it is not there or wrong, which is noted.

    `own`: the keys of `value` that are no options; `elsewhere`: what to say of a key of another table.
    """
    parsed: dict[str, Any] = {name: option.default for name, option in table.items()}
    for name, option in table.items():
        if option.required and name not in value and not any(glued_key(key, [name]) for key in value):
            document.complain(path, f"{name!r} is missing: expected {option.expected}{_write(name, option)}")
    for key, raw in value.items():
        if key in own:
            continue
        if key not in table:
            complain_of_key(document, (*path, key), [*own, *table], elsewhere(key) or "")
            continue
        try:
            if raw is not None:
                parsed[key] = _parsed(table[key], key, value, path, document)
                continue
            text = f"expected {table[key].expected}, got nothing"
            text += _write(key, table[key]) if table[key].required else "; or remove the key"
        except Exception as error:  # noqa: BLE001 - the parser may be anybody's
            text = _wrong(key, raw, table[key], error, (*path, key), document)
        refuse((*path, key), table[key].expected, text, document)
    return parsed


def _parsed(option: Option, key: str, value: dict[str, Any], path: Location, document: Document) -> Any:
    """What comes from `!env` or `!file` is what YAML would make of it where a text is refused."""
    try:
        return option.parse(value[key])
    except ValueError:
        if not read_secrets(value, (key,), path, document):
            raise
        return option.parse(value[key])


def refuse(path: Location, expected: str, text: str, document: Document) -> None:
    """Note `text`, which shows the value; a secret's, or one that holds one, gets less helpful words."""
    if holds_secret(path, document):
        text = f"expected {expected}, got a value that is not shown"
    document.complain(path, text)


def _wrong(
    key: str, raw: object, option: Option, error: Exception, path: Location, document: Document
) -> str:
    """The parser's own words; they are complete where it says `problem`, as an OptionError does."""
    if not isinstance(error, ValueError):
        return defect(f"what reads {key!r}", error)
    write = None if path in document.unfilled else mended(raw, partial(_takes, option))
    text: str | None = getattr(error, "problem", None)
    if text is not None:
        return text if write is None or "; write: " in text else f"{text}; write: {key}: {write}"
    text = str(error)
    if isinstance(raw, bool):
        text = f"expected {option.expected}, got {shown_at(document, path, raw)}"
    return text + (_write(key, option) if write is None else f"; write: {key}: {write}")


def _takes(option: Option, candidate: object) -> bool:
    try:
        option.parse(candidate)
    except Exception:  # noqa: BLE001 - the parser may be anybody's
        return False
    return True


def _write(key: str, option: Option) -> str:
    return f"; write: {key}: {option.write}" if option.write else ""
