"""Answers of the API, from what they say to what is sent."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.encoding import to_json
from gateway.http.errors import HttpError

JSON = "application/json"


def json_answer(value: Any, status: int = 200) -> Response:
    """Anything; what has no form in JSON becomes its text."""
    return json_text(to_json(value), status)


def json_text(text: str, status: int = 200) -> Response:
    """What is JSON already."""
    return Response(text.encode(errors="replace"), status, media_type=JSON)


def succeeded(response: Any) -> Response:
    """As a request is answered."""
    return json_answer({"status": "ok", "response": response})


def refused(error: HttpError) -> Response:
    """The one shape of an error."""
    return Response(error.body, error.status, dict(error.headers), JSON)
