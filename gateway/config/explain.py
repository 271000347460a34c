"""A value against its pydantic model, with errors in our own words.

pydantic finds all errors of a model at once; its texts speak to programmers ("Input should be a valid
string"), so each error is told again from the field's own `expected` and `write`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.config.document import Document
from gateway.config.mending import Accepts, mended
from gateway.config.problems import Location, glued_key, shown, unknown_key
from gateway.config.secret_values import read_secrets
from gateway.config.yaml_remedies import glued, told_of_glued

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
        _not_a_mapping(model, value, path, document, write)
        return None
    try:
        return _made(model, value, path, document)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=True):
            where = tuple(part for part in item["loc"] if isinstance(part, str))
            complaint_path = (*path, *where)
            if item["type"] == "missing":
                document.complain(complaint_path[:-1], _missing(model, where, writes))
            elif item["type"] == "extra_forbidden":
                complain_of_key(document, complaint_path, keys(_owner(model, where)))
            else:
                accepts = partial(_accepts, model, value, where)
                text = _wrong(model, where, document, complaint_path, item["input"], accepts)
                document.complain(complaint_path, text)
    return None


def complain_of_key(document: Document, path: Location, known: Sequence[str], text: str = "") -> None:
    """Note that the last of `path` is none of the keys `known`; `text`: what to say of it, if that is known.

    One that has its value in it, as no blank is behind the colon, is not shown: it may be a password.
    """
    key = str(path[-1])
    glued_text = glued_key(key, known)
    if glued_text is None:
        document.complain(path, text or unknown_key(key, known))
        return
    where = (*path[:-1], key.partition(":")[0].strip())
    document.lines.setdefault(where, document.line(path))
    document.complain(where, glued_text)


def _not_a_mapping(
    model: type[BaseModel], value: object, path: Location, document: Document, write: str
) -> None:
    got = shown_at(document, path, value)
    if isinstance(value, str) and path not in document.secrets and glued(value):
        document.complain(path, f"expected a mapping, got a text: {told_of_glued(value)[1]}")
        return
    document.complain(path, f"expected a mapping, got {got}; write: {write or example(model)}")


def _made(model: type[M], value: dict[str, Any], path: Location, document: Document) -> M:
    """The model; what comes from `!env` or `!file` is what YAML would make of it where a text is refused.
    Raises ValidationError."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong = [item["loc"] for item in error.errors(include_url=False, include_context=False)]
        if not sum(read_secrets(value, loc, path, document) for loc in wrong):
            raise
        return model.model_validate(value)


def _accepts(
    model: type[BaseModel], value: dict[str, Any], where: tuple[str, ...], candidate: object
) -> bool:
    """Whether the key at `where` takes `candidate`, whatever else is wrong."""
    tried = candidate
    for place in reversed(range(len(where))):
        inner = value
        for key in where[:place]:
            inner = inner[key]
        tried = {**inner, where[place]: tried}
    try:
        model.model_validate(tried)
    except ValidationError as error:
        return not any(item["loc"][: len(where)] == where for item in error.errors(include_url=False))
    return True


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
    model: type[BaseModel],
    where: tuple[str, ...],
    document: Document,
    path: Location,
    value: object,
    accepts: Accepts,
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
    hidden = extra.get("secret") or path in document.secrets or path in document.unfilled
    write = None if hidden else mended(value, accepts, name=bool(extra.get("name")))
    return f"expected {extra.get('expected')}, got {got}; write: {where[-1]}: {write or extra.get('write')}"
