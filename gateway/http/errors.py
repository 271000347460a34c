"""The one shape of an error over HTTP, and which status each type has. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.encoding import to_json

STATUS = {
    "bad_request": 400,
    "bad_host": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "unknown_sender": 404,
    "unknown_method": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_large": 413,
    "bad_params": 422,
    "busy": 429,
    "failed": 502,
    "bad_reply": 502,
    "not_connected": 503,
    "timeout": 504,
}
"""By type. What is not listed has that of `failed`."""


class HttpError(Exception):
    """What a client is told in place of an answer; `error` is one of STATUS. `headers`: beside it."""

    def __init__(self, error: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """Of the answer."""
        return STATUS.get(self.error, STATUS["failed"])

    @property
    def body(self) -> bytes:
        """Of the answer."""
        said = {"status": "error", "error": self.error, "message": self.message}
        return to_json(said).encode()
