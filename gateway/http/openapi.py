"""The document of the API, OpenAPI 3.1, made of the operations and of pydantic's schemas. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.http.answers import JSON
from gateway.http.auth import COOKIE
from gateway.http.errors import STATUS
from gateway.http.events import STREAM
from gateway.http.operations import Operation, Parameter
from gateway.http.schemas import Failure, StreamEvent

_REFERENCE = "#/components/schemas/{model}"
_PHRASES = {
    200: "it succeeded",
    400: "the request makes no sense",
    401: "no token, or a wrong one",
    403: "not from a page of another site",
    404: "there is no such thing",
    413: "the body is too large",
    422: "the params are wrong",
    429: "too much at once; try again later",
    502: "it did not work",
    503: "not now",
    504: "no answer in time",
}

_STREAM: dict[str, Any] = {
    "type": "object",
    "description": "each event of the stream; a `message`, whose name is left out, has a StreamEvent as data",
    "required": ["data"],
    "properties": {
        "id": {"type": "string", "description": "for `Last-Event-ID`", "examples": ["1763793000123-0"]},
        "event": {"type": "string", "enum": ["message", "alive", "gap", "cut"], "default": "message"},
        "data": {"type": "string", "description": "JSON; of `alive` a time"},
    },
}


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """All of it."""
    paths: dict[str, dict[str, Any]] = {}
    models: list[type[BaseModel]] = [Failure, StreamEvent]
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
        models += [
            model
            for model in (operation.gives, operation.takes)
            if isinstance(model, type) and model not in models
        ]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in models], ref_template=_REFERENCE, by_alias=True
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sig-gateway",
            "version": version,
            "description": "Sensors, what they say and what they have said; see docs/http.md.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": operation.text,
        "operationId": _id(operation),
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": _responses(operation),
        "security": [] if operation.open else [{"token": []}, {"cookie": []}, {}],
    }
    if operation.takes is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref(operation.takes)}}}
    elif operation.takes_any:
        made["requestBody"] = {"required": False, "content": {JSON: {"schema": {}}}}
    return made


def _id(operation: Operation) -> str:
    words = [word.strip("{}") for word in operation.path.removeprefix("/api/v1").split("/") if word]
    return "_".join([operation.method.lower(), *words])


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.least is not None:
        schema = {"type": "integer", "minimum": parameter.least, "maximum": parameter.most}
    elif parameter.one_of:
        schema["enum"] = list(parameter.one_of)
    elif parameter.where == "path":
        schema["minLength"] = 1
    if parameter.default is not None:
        schema["default"] = parameter.default
    made = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.text,
        "schema": schema,
    }
    if parameter.example is not None:
        made["example"] = parameter.example
    return made


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": _PHRASES[200], "content": _content(operation)}}
    by_status: dict[int, list[str]] = {}
    for error in operation.errors:
        by_status.setdefault(STATUS[error], []).append(error)
    for status, errors in sorted(by_status.items()):
        types = {"properties": {"error": {"enum": sorted(set(errors))}}}
        responses[str(status)] = {
            "description": _PHRASES[status],
            "content": {JSON: {"schema": {"allOf": [_ref(Failure), types]}}},
        }
    if operation.also is not None:
        responses[str(operation.also)] = {
            "description": _PHRASES[operation.also],
            "content": _content(operation),
        }
    return responses


def _content(operation: Operation) -> dict[str, Any]:
    gives = operation.gives
    if isinstance(gives, str):
        return {gives: {"schema": _STREAM if gives == STREAM else {"type": "string"}}}
    schema = {"type": "array", "items": _ref(gives)} if operation.many else _ref(gives)
    content = {JSON: {"schema": schema}}
    if any(parameter.name == "format" for parameter in operation.parameters):
        content["text/csv"] = {"schema": {"type": "string"}}
    return content


def _ref(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
