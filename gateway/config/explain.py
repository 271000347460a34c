"""A value against its pydantic model, with errors in our own words.

pydantic finds all errors of a model at once; its texts speak to programmers ("Input should be a valid
string"), so each error is told again from the field's own `expected` and `write`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.config.document import Document
from gateway.config.problems import Location, shown, unknown_key

M = TypeVar("M", bound=BaseModel)


def validate(
    model: type[M],
    value: object,
    path: Location,
    document: Document,
    write: str = "",
    writes: Mapping[str, str] = MappingProxyType({}),
) -> M | None:
    """The model made from `value`, or None with every problem noted in `document`. `write`: an example to
    copy, where what must be there is not in the model alone; `writes`: for a key, what to write there instead
    of the model's example."""
    if not isinstance(value, dict):
        got = shown_at(document, path, value)
        document.complain(path, f"expected a mapping, got {got}; write: {write or example(model)}")
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=True):
            where = tuple(part for part in item["loc"] if isinstance(part, str))
            complaint_path = (*path, *where)
            if item["type"] == "missing":
                document.complain(complaint_path[:-1], _missing(model, where, writes))
            elif item["type"] == "extra_forbidden":
                document.complain(complaint_path, unknown_key(where[-1], keys(_owner(model, where))))
            else:
                document.complain(
                    complaint_path, _wrong(model, where, document, complaint_path, item["input"])
                )
    return None


def shown_at(document: Document, path: Location, value: object) -> str:
    """`value` for an error message, unless it is a secret."""
    if path in document.secrets:
        return "a value that is not shown"
    written = document.written.get(path, shown(value))
    return written if written == shown(value) else f"{written}, which YAML reads as {shown(value)}"


def keys(model: type[BaseModel]) -> list[str]:
    """The keys that a model takes, in the order of its definition."""
    return list(model.model_fields)


def example(model: type[BaseModel]) -> str:
    """`{protocol: sensorline, port: "sim:"}`: what must be there, or else the first key, filled in."""
    fields = model.model_fields.items()
    needed = [name for name, info in fields if info.is_required()] or [next(iter(model.model_fields))]
    return "{" + ", ".join(f"{name}: {_extra(model, (name,)).get('write')}" for name in needed) + "}"


def _owner(model: type[BaseModel], where: tuple[str, ...]) -> type[BaseModel]:
    """The model that the last part of `where` is a key of."""
    for part in where[:-1]:
        annotation = model.model_fields[part].annotation
        for candidate in (annotation, *getattr(annotation, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return model


def extra_of(model: type[BaseModel], where: tuple[str, ...]) -> dict[str, Any]:
    """What `models.field` was told of the key at `where`; nothing of one that the model has not."""
    return _extra(model, where) if len(where) == 1 or where[0] in model.model_fields else {}


def _extra(model: type[BaseModel], where: tuple[str, ...]) -> dict[str, Any]:
    info = _owner(model, where).model_fields.get(where[-1])
    extra = info.json_schema_extra if info is not None else None
    return extra if isinstance(extra, dict) else {}


def _missing(model: type[BaseModel], where: tuple[str, ...], writes: Mapping[str, str]) -> str:
    extra = _extra(model, where)
    key = where[-1]
    write = writes.get(key) or extra.get("write")
    return f"{key!r} is missing: expected {extra.get('expected')}; write: {key}: {write}"


def _wrong(
    model: type[BaseModel], where: tuple[str, ...], document: Document, path: Location, value: object
) -> str:
    extra = _extra(model, where)
    if extra.get("quote") and isinstance(value, int | float):
        written, kind = document.written.get(path, shown(value)), shown(value)
        kind = kind if isinstance(value, bool) else "a number"
        if extra.get("secret"):
            kind = "true or false" if isinstance(value, bool) else "a number"
            got = f"a value that is not shown, which YAML reads as {kind}"
            return f'expected {extra.get("expected")}, got {got}; write it in quotes: {where[-1]}: "…"'
        text = f"expected {extra.get('expected')}, got {written}, which YAML reads as {kind}"
        return f'{text}; write it in quotes: {where[-1]}: "{written}"'
    got = (
        "a value that is not shown"
        if extra.get("secret") and value is not None
        else shown_at(document, path, value)
    )
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and extra.get("write")
        and not extra.get("secret")
    ):
        got += " (a number)" if "number" not in str(extra.get("expected")) else ""
    return f"expected {extra.get('expected')}, got {got}; write: {where[-1]}: {extra.get('write')}"
