"""The files with secrets that a config names, and whether it holds one itself: read from its YAML alone, so
that a config with errors is no hindrance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml

from gateway.config import Config
from gateway.config.nodes import UnreadableError, compose
from gateway.config.paths import beside

MOST_BYTES = 256 * 1024
KEYS = ("key", "cert", "ca")
"""Of `tls`: what names a file."""
SECRET_KEYS = frozenset({"token", "password"})
_USERINFO = "@"


def nodes_of(path: Path) -> yaml.Node | None:
    """The file's root node; None if nothing can be made of it."""
    try:
        with path.open("rb") as file:
            return compose(file.read(MOST_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, UnreadableError):
        return None


def scalars(node: yaml.Node | None, key: str = "", depth: int = 0) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Each value with the key that it is under; aliases are not followed twice as deep as any config is."""
    if depth > 20:
        return
    if isinstance(node, yaml.ScalarNode):
        yield key, node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from scalars(item, key, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from scalars(value, str(name.value), depth + 1)


def named_files(path: Path, config: Config | None) -> list[Path]:
    """What `!file` names in the file at `path`, and the keys of certificates, each once."""
    found = [
        beside(path.parent, node.value.strip())
        for _, node in scalars(nodes_of(path))
        if node.tag == "!file" and node.value.strip()
    ]
    if config is not None:
        found += [config.beside(key) for key in _of_tls(config, ("key",))]
    return list(dict.fromkeys(found))


def certificates(config: Config) -> list[Path]:
    """The files that are no secrets, but that the gateway reads at its start: what it shows, and whom it
    believes."""
    return list(dict.fromkeys(config.beside(name) for name in _of_tls(config, ("cert", "ca"))))


def _of_tls(config: Config, keys: Sequence[str]) -> Iterator[str]:
    """As the config calls the files."""
    for section in (config.router, config.http, config.mqtt, config.fleet):
        tls = getattr(section, "tls", None)
        yield from filter(None, (getattr(tls, key, None) for key in keys))


def handed_over(path: Path, config: Config | None, credentials: Iterable[tuple[str, Path]]) -> set[Path]:
    """Of the files that `named_files` and `certificates` find: those that the service has from systemd, which
    reads them as root (see `gateway.config.credentials`). `credentials`: by name, what folders it reads."""
    folders, found = dict(credentials), set()

    def is_handed(name: str) -> bool:
        first = name.removeprefix("./").partition("/")[0]
        return folders.get(first) == path.absolute().parent / first

    for _, node in scalars(nodes_of(path)):
        if node.tag == "!file" and is_handed(name := node.value.strip()):
            found.add(beside(path.parent, name))
    if config is not None:
        found |= {config.beside(key) for key in _of_tls(config, KEYS) if is_handed(key)}
    return found


def has_plain_secret(path: Path) -> bool:
    """Whether the file itself holds a password, a token, or a URL with a user in it."""
    for key, node in scalars(nodes_of(path)):
        if node.tag.startswith("!"):
            continue
        if key in SECRET_KEYS or (key == "url" and _USERINFO in node.value):
            return True
    return False
