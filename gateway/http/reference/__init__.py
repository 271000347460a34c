"""The page at `/docs`: the API's document, for people. Made here, once; nothing is loaded from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any


def html(document: Mapping[str, Any]) -> str:
    """The page, from the document."""
    operations = [
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    title = f"{document['info']['title']} {document['info']['version']}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}: API</title>",
            '<link rel="icon" href="static/icon.svg" type="image/svg+xml">',
            '<link rel="stylesheet" href="static/docs.css"></head><body><main>',
            f"<h1>{escape(title)}: API</h1>",
            '<p>For programs: <a href="openapi.json">openapi.json</a>. With a token, each request says '
            "<code>Authorization: Bearer TOKEN</code>.</p>",
            *operations,
            "<h1>What comes and goes</h1>",
            *schemas,
            "</main></body></html>",
        ]
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [
        f'<article id="{escape(operation["operationId"])}">',
        f"<h2><b>{escape(method.upper())}</b> {escape(path)}</h2>",
        f"<p>{escape(operation['summary'])}</p>",
    ]
    if parameters := operation["parameters"]:
        rows = [
            _row(f"<code>{escape(each['name'])}</code>", escape(each["in"]), escape(each["description"]))
            for each in parameters
        ]
        parts.append(f"<h3>Takes</h3><table>{''.join(rows)}</table>")
    if "requestBody" in operation:
        parts.append(f"<h3>Body</h3><p>{_types(operation['requestBody']['content'])}</p>")
    rows = [
        _row(f"<code>{escape(status)}</code>", escape(response["description"]), _types(response["content"]))
        for status, response in operation["responses"].items()
    ]
    return "".join([*parts, f"<h3>Answers</h3><table>{''.join(rows)}</table></article>"])


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _types(content: Mapping[str, Any]) -> str:
    return ", ".join(f"{escape(media)}: {_named(body['schema'])}" for media, body in content.items())


def _named(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "allOf" in schema:
        types = schema["allOf"][1]["properties"]["error"]["enum"]
        return f"<code>{escape(', '.join(types))}</code>"
    if schema.get("type") == "array":
        return f"a list of {_named(schema['items'])}"
    return escape(schema.get("type", "any JSON"))


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    text = json.dumps(schema.get("properties", {}), indent=1, ensure_ascii=False)
    described = escape(schema.get("description", ""))
    title = f'<article id="{escape(name)}"><h2>{escape(name)}</h2>'
    return f"{title}<p>{described}</p><pre>{escape(text)}</pre></article>"
