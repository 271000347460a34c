"""The page's own files: each under an address that has a hash of all of them in it, so that it can be kept
for ever, and an index that is asked for each time.

They are read once. What is served is what is in that table, so there is no path to play tricks with.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.errors import HttpError

FOLDERS = (Path(__file__).parent / "page", Path(__file__).parent / "reference")
INDEX = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
WORTH_BYTES = 500
"""What is smaller is not compressed."""


class File:
    """One of them, compressed once if somebody wants it so."""

    def __init__(self, body: bytes, kind: str) -> None:
        self.body = body
        self.kind = kind
        self.etag = f'"{_hash(body)}"'

    @cached_property
    def gzipped(self) -> bytes:
        """Always the same bytes."""
        return gzip.compress(self.body, mtime=0)

    def answer(self, request: Request, cache: str) -> Response:
        """Whole, or that the client has it."""
        headers = {"cache-control": cache, "etag": self.etag, "vary": "accept-encoding"}
        known = {
            each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")
        }
        if self.etag in known:
            return Response(status_code=304, headers=headers)
        if len(self.body) >= WORTH_BYTES and _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(
                self.gzipped, headers={**headers, "content-encoding": "gzip"}, media_type=self.kind
            )
        return Response(self.body, headers=headers, media_type=self.kind)


class Files:
    """Reads them at once. Endpoints, on the server's loop."""

    def __init__(self, folders: tuple[Path, ...] = FOLDERS) -> None:
        bodies = {
            path.name: path.read_bytes()
            for folder in folders
            for path in sorted(folder.iterdir())
            if path.suffix in _TYPES
        }
        index = bodies.pop(INDEX, b"")
        everything = b"\0".join(
            part for name, body in sorted(bodies.items()) for part in (name.encode(), body)
        )
        self.base = f"static/{_hash(everything)}/"
        """Where they are, without the first slash: the page may be behind a proxy that puts it elsewhere."""
        self._files = {name: File(body, _TYPES[Path(name).suffix]) for name, body in bodies.items()}
        self._index = self.page(index.decode())

    def page(self, html: str) -> File:
        """A page in which `static/` leads to the files."""
        return File(html.replace('"static/', f'"{self.base}').encode(), _TYPES[".html"])

    def routes(self) -> list[Route]:
        """Of the page and its files."""
        return [Route("/", self.index), Route("/static/{version}/{name}", self.file)]

    async def index(self, request: Request) -> Response:
        """The page."""
        return self._index.answer(request, "no-cache")

    async def file(self, request: Request) -> Response:
        """One of the others. Those of another version are not there: who asks has an old index."""
        name = request.path_params["name"]
        there = f"static/{request.path_params['version']}/" == self.base
        file = self._files.get(name) if there else None
        if file is None:
            raise HttpError("not_found", "there is no such file here; load the page anew")
        return file.answer(request, "public, max-age=31536000, immutable")


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def _takes_gzip(accepted: str) -> bool:
    """`gzip;q=0` is a no."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.strip().partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
