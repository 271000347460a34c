"""What a router of a fleet is told: on the command line, or in a file.

listen: [tls://0.0.0.0]
connect: [tls://hub2.example]
dir: /etc/sig-gateway/fleet
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.fleet.hub import Asked

if TYPE_CHECKING:
    from gateway.config.document import Document

KEYS = ("listen", "connect", "dir")


def asked_of(
    path: Path | None, listen: Sequence[str], connect: Sequence[str], folder: Path | None
) -> Asked | None:
    """None, with every error printed, for a file that is wrong. Raises click.UsageError."""
    if path is None:
        if not listen:
            raise click.UsageError("--listen is missing, such as --listen tls://0.0.0.0, or --config FILE")
        return Asked(listen, connect, folder)
    if listen or connect or folder:
        raise click.UsageError("--config says it all: leave out --listen, --connect and --dir")
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        print(f"error: {path}: cannot be read: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return None
    from gateway.config.document import parse  # half the memory of a router that needs none
    from gateway.config.secrets import Secrets

    document = parse(text, str(path), Secrets(path.parent, os.environ))
    asked = _asked(document, path.parent)
    for problem in document.problems:
        print(problem, file=sys.stderr)
    return None if document.problems else asked


def _asked(document: Document, beside: Path) -> Asked:
    from gateway.config.problems import shown, unknown_key

    tree = document.tree
    if not isinstance(tree, dict):
        if not document.problems:
            document.complain((), f"expected {', '.join(KEYS)}, got {shown(tree)}")
        return Asked(())
    for key in tree:
        if key not in KEYS:
            document.complain((key,), unknown_key(key, KEYS))
    listen, connect = (_urls(document, key, tree.get(key, [])) for key in ("listen", "connect"))
    if not listen and tree.get("listen", []) == []:
        document.complain(("listen",), "expected where members come, such as [tls://0.0.0.0]")
    folder = tree.get("dir")
    if folder is not None and not isinstance(folder, str):
        document.complain(("dir",), f"expected a folder, got {shown(folder)}")
        folder = None
    return Asked(listen, connect, None if folder is None else beside / Path(folder).expanduser())


def _urls(document: Document, key: str, value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    from gateway.config.problems import shown

    texts = [each for each in values if isinstance(each, str)]
    if len(texts) == len(values):
        return texts
    document.complain((key,), f"expected a list such as [tls://hub.example], got {shown(value)}")
    return []
