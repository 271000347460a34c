"""Paths in the config: relative to the config file's folder, wherever they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

_UNIX = "unix:"
_SIM = "sim:"
_FILES = ("data", "replay")
"""Of what may stand after `sim:?`, what names a file."""


def beside(folder: Path, name: str) -> Path:
    """`name` as an absolute path; `~` is the user's."""
    try:
        return (folder / Path(name).expanduser()).absolute()
    except RuntimeError:  # there is no such user
        return (folder / name).absolute()


def make_absolute(tree: dict[str, Any], folder: Path) -> None:
    """Every path in `tree`, a config as it was read, that other code takes as it stands: a link's port and
    its root, the socket's file where the gateway listens."""
    links = tree.get("links")
    for link in links.values() if isinstance(links, dict) else ():
        if isinstance(link, dict):
            _change(link, "port", lambda port: _port(port, folder))
            _change(link, "root", lambda root: str(beside(folder, root)))
    for name in ("router", "http"):
        if isinstance(section := tree.get(name), dict):
            _change(section, "listen", lambda listen: _address(listen, folder))


def _change(where: dict[str, Any], key: str, change: Any) -> None:
    text = where.get(key)
    if isinstance(text, str) and text and text.isprintable():
        where[key] = change(text)


def _address(text: str, folder: Path) -> str:
    name = text.removeprefix(_UNIX)
    return _UNIX + str(beside(folder, name)) if name and name != text else text


def _port(text: str, folder: Path) -> str:
    """Of a device's path, and of a simulator's link and files; a URL, and what is no port, as it is."""
    if text.startswith(_SIM):
        return _sim(text, folder)
    if "/" not in text or re.match(r"[a-z0-9]+:", text):
        return text
    return str(beside(folder, text))


def _sim(text: str, folder: Path) -> str:
    path, mark, query = text.removeprefix(_SIM).partition("?")
    options = []
    for option in query.split("&"):
        name, sign, value = option.partition("=")
        if name in _FILES and value:
            value = quote(str(beside(folder, unquote(value.replace("+", " ")))), safe="/,:~")
        options.append(name + sign + value)
    return _SIM + (str(beside(folder, path)) if path else "") + mark + "&".join(options)
