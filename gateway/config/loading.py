"""From a config file to a `Config`, or a `ConfigError` with everything that is wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway.config.catalog import Catalog, Drivers
from gateway.config.channel_checks import check_channels
from gateway.config.context import Context
from gateway.config.credentials import credentials_of, place_of
from gateway.config.document import Document, parse
from gateway.config.explain import complain_of_key
from gateway.config.fields import is_sender_name
from gateway.config.leaving_out import NAMED, Leaving, LeftOut, link_is_out
from gateway.config.paths import beside, make_absolute
from gateway.config.problems import (
    ConfigError,
    Location,
    Problem,
    in_order_of_the_file,
    nearest,
    shown,
    unknown_key,
)
from gateway.config.secrets import Secrets
from gateway.config.sections import Sections, entries
from gateway.config.yaml_warnings import yaml_warnings

MAX_BYTES = 256 * 1024
"""A config of 1000 sensors has about 100 KiB."""

HOW_TO_START = "`sig-gateway run --init` writes one to start from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Sections):
    """A config without errors. `warnings` are to be shown, and change nothing. `left_out`: the parts of the
    file that had errors, which are not in this. `text`: of the file. `credentials`: see
    `gateway.config.credentials`. `denied`: files that it names, that this user may not read, and that were
    taken to be right."""

    path: Path
    warnings: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    lines: Mapping[Location, int] = field(default_factory=dict, repr=False)
    secrets: Set[Location] = frozenset()
    text: str = field(default="", repr=False)
    credentials: Path | None = None
    denied: tuple[Problem, ...] = ()

    @property
    def left_out_sensors(self) -> dict[str, str]:
        """By name, why; without those whose name is another's, or cannot be a sender's."""
        outs = {out.part[1]: out for out in self.left_out if out.part[0] == "sensors" and not out.unread}
        return {str(name): out.reason for name, out in outs.items() if is_sender_name(str(name))}

    def without(self, section: str, name: str, text: str) -> Config:
        """This with an entry of `links` or `sensors` left out that turned out to be of no use, as `text`
        says, and with it the sensors of such a link."""
        outs = [self._out((section, name), text)]
        if section == "links":
            line = self.lines.get(("links", name), 1)
            for sensor in [one for one, its in self.sensors.items() if its.link == name]:
                where = ("sensors", sensor, "link")
                outs.append(self._out(where, link_is_out(None if where in self.secrets else name, line)))
        gone = {out.part for out in outs}
        return replace(
            self,
            links={name: link for name, link in self.links.items() if ("links", name) not in gone},
            sensors={name: one for name, one in self.sensors.items() if ("sensors", name) not in gone},
            left_out=(*self.left_out, *outs),
        )

    def _out(self, path: Location, text: str) -> LeftOut:
        problem = Problem(str(self.path), self.lines.get(path, 0), text, path)
        return LeftOut(path[:2], (problem,))

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.beside(self.gateway.data)

    def where(self, *location: str) -> str:
        """`config.yaml:5`: the line of a key, for messages that ask to change it."""
        line = self.lines.get(location)
        return f"{self.path}:{line}" if line else str(self.path)

    def beside(self, name: str) -> Path:
        """A path from the config, taken relative to the config file's folder; `~` is the user's."""
        return beside(self.path.parent, name)

    def read_at(self, name: str) -> Path:
        """Where to read a certificate or a key: where a service's manager has put it, else as `beside`."""
        return place_of(name, self.path.parent, self.credentials)

    def is_denied(self, *location: str) -> bool:
        """Whether something of that part could not be read by this user."""
        return any(one.path[: len(location)] == location for one in self.denied)


def load(
    path: Path,
    catalog: Catalog | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    past_denied: bool = False,
) -> Config:
    """Read and check a config file; raises ConfigError. `catalog` and `environ` are for tests. `past_denied`:
    what this user may not read of the files that it names is no error, see `Config.denied`."""
    document = parsed(path, environ, past_denied=past_denied)
    config = _build(path, document, catalog or Drivers(), credentials_here(environ))
    if config is None:
        raise ConfigError(document.problems)
    return config


def load_usable(
    path: Path,
    catalog: Catalog | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    past_denied: bool = False,
) -> Config:
    """As `load`, but parts that have errors are left out: see `gateway.config.leaving_out`.

    Raises ConfigError for what is wrong outside of them, with every other error too.
    """
    whole = document = parsed(path, environ, past_denied=past_denied)
    catalog = catalog or Drivers()
    leaving = Leaving()
    while (config := _build(path, document, catalog, credentials_here(environ))) is None:
        rest = leaving.without(document)
        if rest is None:
            raise ConfigError(whole.problems)
        document = rest
    return replace(config, left_out=leaving.left_out())


def credentials_here(environ: Mapping[str, str] | None) -> Path | None:
    """See `gateway.config.credentials`; of this process where no environment is given."""
    return credentials_of(os.environ if environ is None else environ)


def parsed(path: Path, environ: Mapping[str, str] | None, *, past_denied: bool) -> Document:
    """The file's values and their lines. Raises ConfigError for one that cannot be read, or is empty."""
    text = _read(path)
    secrets = Secrets(path.parent, os.environ if environ is None else environ)
    document = parse(text, str(path), secrets, past_denied=past_denied)
    if document.tree is None and not document.problems:
        raise ConfigError([Problem(str(path), 0, f"is empty; remove it, then {HOW_TO_START}")])
    return document


def _read(path: Path) -> str:
    def problem(text: str, line: int = 0) -> ConfigError:
        return ConfigError([Problem(str(path), line, text)])

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise problem("is a folder; give the file" if path.is_dir() else "is not a regular file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise problem(f"no such file; {HOW_TO_START}") from None
    except OSError as error:
        denied = isinstance(error, PermissionError)
        text = f"cannot be read: {error.strerror}"
        raise ConfigError([Problem(str(path), 0, text, denied=denied)]) from None
    except ValueError:
        raise problem("is not a path") from None
    if len(data) > MAX_BYTES:
        raise problem(f"is larger than {MAX_BYTES // 1024} KiB: that is not a config")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise problem(f"is not UTF-8 text (byte 0x{byte:02X}); save it as UTF-8", line) from None


def _build(path: Path, document: Document, catalog: Catalog, credentials: Path | None) -> Config | None:
    """The config; None if there is anything wrong, which is noted in `document`."""
    tree, sections = document.tree, entries()
    if tree is None:
        return None
    if not isinstance(tree, dict):
        text = f"expected a mapping with the sections {', '.join(sections)}, got {shown(tree)}"
        document.complain((), text)
        return None
    for key in tree:
        if key not in sections:
            complain_of_key(document, (key,), [*sections], _belongs_inside(key, tree) or "")
    make_absolute(tree, path.parent)
    context = Context(document, catalog, path.parent, credentials)
    read = {name: section.read(name, context) for name, section in sections.items()}
    check_channels(context)
    _note_moved_in(document, sections)
    if document.problems:
        return None
    warnings = [one for name, section in sections.items() for one in section.warn(name, context)]
    warnings += yaml_warnings(document, {name: section.model for name, section in sections.items()})
    return Config(
        path=path,
        warnings=tuple(in_order_of_the_file(warnings)),
        lines=document.lines,
        secrets=document.secrets,
        text=document.text,
        credentials=credentials,
        denied=tuple(in_order_of_the_file(document.denied)),
        **read,
    )


def _belongs_inside(key: str, tree: dict[str, Any]) -> str | None:
    """Of a key that is no section, what to say where the section before it, of things with names, is empty:
    there are spaces missing before the things in it."""
    names = list(tree)
    before = names[: names.index(key)][-1:]
    if not before or before[0] not in NAMED or tree[before[0]] is not None or nearest(key, entries()):
        return None
    text = f"{unknown_key(key, entries())}; if it is one of the {before[0]}"
    return f"{text}, write two spaces more before it and each of its lines"


def _note_moved_in(document: Document, sections: Iterable[str]) -> None:
    """Of a section that has gone into another one, as it has spaces before it, only that is said."""
    tree = document.tree
    for name in NAMED:
        for key in tree[name] if isinstance(tree.get(name), dict) else ():
            here = [one for one in document.problems if one.path[:2] == (name, key)]
            if key in sections and key not in tree and here and isinstance(tree[name][key], dict):
                document.problems[:] = [one for one in document.problems if one not in here]
                text = f"is it the section {key!r}? Then write it, and what is in it, further to the left"
                document.complain((name, key), text)
