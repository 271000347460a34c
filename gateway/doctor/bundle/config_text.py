"""The config for others: what is known to be harmless is shown, all else is not. Pure.

A key that no section has may be a misspelt `password`, and a comment may hold anything: neither is shown.
What is not shown is private wherever else it stands, such as in the log.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import unquote

import yaml
from pydantic import BaseModel

from gateway.config.catalog import Drivers
from gateway.config.models import LinkSection, SensorSection
from gateway.config.sections import entries
from gateway.doctor.bundle.ordinary import is_ordinary
from gateway.doctor.bundle.scrubber import Private

HIDDEN = "<not shown>"
MOST_LINES = 5000
DEEPEST = 20
_NEVER = frozenset({"url", "token", "password", "user", "identity", "ask", "hosts"})
"""Keys of which the value is a secret, a serial number, a host, or bytes for a device: some ask for a key."""
_ROUTERS = "routers"
"""A list of URLs: how many there are, and their schemes and ports, are shown."""
_OF_NAMES = frozenset({"devices", "registers"})
"""Keys of links under which people give names; what each of these has:"""
_OF_THINGS = frozenset(
    {
        *("id", "profile", "registers", "function", "address", "type", "word_order", "scale", "offset"),
        *("invalid", "unit"),
    }
)
_WORD = re.compile("[a-z_]{1,12}")
"""A key that is a word is no secret, though what stands under it may be."""
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://.*?(?::(?P<port>\d{1,5}))?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL
)
_NUMBER = re.compile(r"[-+]?[\d.]{1,5}|true|false|yes|no|on|off|null|~|", re.IGNORECASE)


@dataclass(slots=True)
class Shown:
    """The config's lines, and the values that are not in them."""

    lines: list[str] = field(default_factory=list)
    hidden: list[Private] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        """As a file."""
        return "\n".join(self.lines) + "\n"

    @property
    def private(self) -> list[Private]:
        """Those of the hidden that are nobody's name: what a misspelt key has may be a sensor's name too."""
        return [one for one in self.hidden if one.kind != "maybe" and one.value] + [
            Private("secret", one.value)
            for one in self.hidden
            if one.kind == "maybe" and one.value not in self.kept and not _NUMBER.fullmatch(one.value)
        ]


def shown(node: yaml.Node | None) -> Shown:
    """The whole of it."""
    out = Shown()
    if isinstance(node, yaml.MappingNode):
        _sections(node, out)
    return out


def _sections(root: yaml.MappingNode, out: Shown) -> None:
    known = entries()
    for key, value in _pairs(root):
        entry = known.get(key)
        if entry is None:
            _unknown(key, value, known, out, 0)
        elif key in ("links", "sensors") and isinstance(value, yaml.MappingNode):
            out.lines.append(f"{key}:")
            for name, thing in _pairs(value):
                _named(key, name, thing, out)
        elif isinstance(value, yaml.MappingNode):
            _value(key, value, entry.model, out, 0)
        else:
            out.lines.append(f"{key}: {HIDDEN}")
            _remember(value, "maybe", out)


def _named(section: str, name: str, node: yaml.Node, out: Shown) -> None:
    """A link or a sensor: its keys are the model's and those of its protocol or driver."""
    out.kept.add(name)
    out.lines.append(f"  {_text(name)}:")
    if not isinstance(node, yaml.MappingNode):
        _hide(node, out, 2)
        return
    keys = set(_options(section, dict(_scalars(node))))
    model = LinkSection if section == "links" else SensorSection
    for key, value in _pairs(node):
        if key in keys or key in model.model_fields:
            _value(key, value, None, out, 2)
        else:
            _unknown(key, value, {**dict.fromkeys(keys), **model.model_fields}, out, 2)


def _options(section: str, given: Mapping[str, str]) -> Iterator[str]:
    catalog = Drivers()
    try:
        if section == "links":
            yield from catalog.link_options(given.get("protocol", "sensorline"))
        else:
            yield from catalog.options(given.get("driver", "generic"))
    except ValueError:  # there is none of that name
        return


def _value(key: str, node: yaml.Node, model: type[BaseModel] | None, out: Shown, depth: int) -> None:
    """Of a key that is known. `model`: that of the mapping that may be there."""
    begin = "  " * depth
    if len(out.lines) > MOST_LINES or depth > DEEPEST:
        return
    if isinstance(node, yaml.ScalarNode):
        out.lines.append(f"{begin}{key}: {_scalar(key, node, out)}")
    elif key in _NEVER:
        out.lines.append(f"{begin}{key}: {HIDDEN}")
        _remember(node, "host" if key == "hosts" else "secret", out)
    elif isinstance(node, yaml.SequenceNode):
        out.lines.append(f"{begin}{key}: {_flat(key, node, out)}")
    elif not isinstance(node, yaml.MappingNode) or (model is None and key not in _OF_NAMES):
        out.lines.append(f"{begin}{key}: {HIDDEN}")
        _remember(node, "maybe", out)
    else:
        out.lines.append(f"{begin}{key}:")
        if model is None:
            _things(node, out, depth + 1)
            return
        for name, value in _pairs(node):
            if name in model.model_fields:
                _value(name, value, _inner(model, name), out, depth + 1)
            else:
                _unknown(name, value, model.model_fields, out, depth + 1)


def _things(node: yaml.MappingNode, out: Shown, depth: int) -> None:
    """What a link has under `devices` or `registers`: names that people give, each with keys of its own."""
    for name, thing in _pairs(node):
        out.kept.add(name)
        out.lines.append(f"{'  ' * depth}{_text(name)}:")
        if not isinstance(thing, yaml.MappingNode):
            _hide(thing, out, depth + 1)
            continue
        for key, value in _pairs(thing):
            if key in _OF_THINGS:
                _value(key, value, None, out, depth + 1)
            else:
                _unknown(key, value, dict.fromkeys(_OF_THINGS), out, depth + 1)


def _inner(model: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """The model of a mapping in a mapping, such as `tls`."""
    info = model.model_fields.get(name) if model is not None else None
    candidates: tuple[Any, ...] = () if info is None else (info.annotation, *get_args(info.annotation))
    return next((one for one in candidates if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _flat(key: str, node: yaml.SequenceNode, out: Shown) -> str:
    parts = [
        _scalar(key, each, out) if isinstance(each, yaml.ScalarNode) else _flat(key, each, out)
        for each in node.value
        if isinstance(each, yaml.ScalarNode | yaml.SequenceNode)
    ]
    return f"[{', '.join(parts)}]"


def _scalar(key: str, node: yaml.ScalarNode, out: Shown) -> str:
    """The value as it is shown; what is not is remembered."""
    if node.tag == "!env" and _VARIABLE.fullmatch(node.value):
        return f"!env {node.value}"
    if node.tag.startswith("!"):
        _remember(node, "secret", out)
        return f"{node.tag if node.tag in ('!env', '!file') else ''} {HIDDEN}".strip()
    if key in _NEVER or key == _ROUTERS or (key == "port" and "://" in node.value):
        url = _URL.fullmatch(node.value) if key in ("url", "port", _ROUTERS) else None
        _remember_value(key, node.value, out)
        if url is None:
            return HIDDEN
        return f"{url['scheme']}://{HIDDEN}" + (f":{url['port']}" if url["port"] else "")
    out.kept.add(node.value)
    return _text(node.value) if node.style in ("'", '"', "|", ">") else _bare(node.value)


def _remember_value(key: str, value: str, out: Shown) -> None:
    """What a hidden value is; of a URL, its parts are private too."""
    kind = "serial" if key == "identity" else "host" if key == "hosts" else "secret"
    out.hidden += url_parts(value) if "://" in value else [Private(kind, value)]


def url_parts(url: str) -> Iterator[Private]:
    """User and password as they are written and meant, and the host, of a URL right or wrong."""
    yield Private("secret", url)
    user, at, rest = url.partition("://")[2].rpartition("@")
    if at:
        for part in (user, *user.split(":", 1)):
            yield Private("secret", part)
            yield Private("secret", unquote(part))
    host, query, more = re.split(r"[/:?#]", rest, maxsplit=1)[0], *rest.partition("?")[1:]
    if not is_ordinary(host):
        yield Private("host", host)
    if query:
        yield Private("secret", more)


def _unknown(key: str, node: yaml.Node, known: Mapping[str, Any], out: Shown, depth: int) -> None:
    """A key that is not known here: shown itself only if it is near one that is."""
    near = _WORD.fullmatch(key) and difflib.get_close_matches(key, known, 1, 0.6)
    if not _WORD.fullmatch(key):
        out.hidden.append(Private("maybe", key))
    out.lines.append(f"{'  ' * depth}{key if near else HIDDEN}: {HIDDEN}")
    _remember(node, "maybe", out)


def _hide(node: yaml.Node, out: Shown, depth: int) -> None:
    out.lines.append(f"{'  ' * depth}{HIDDEN}")
    _remember(node, "maybe", out)


def _remember(node: yaml.Node, kind: str, out: Shown, depth: int = 0) -> None:
    """All that is below it, names too."""
    if depth > DEEPEST or len(out.hidden) > MOST_LINES:
        return
    if isinstance(node, yaml.ScalarNode):
        out.hidden.append(Private("secret" if node.tag.startswith("!") else kind, node.value))
    for each in node.value if isinstance(node, yaml.SequenceNode) else ():
        _remember(each, kind, out, depth + 1)
    for key, value in _pairs(node) if isinstance(node, yaml.MappingNode) else ():
        if not _WORD.fullmatch(key):
            out.hidden.append(Private("maybe", key))
        _remember(value, kind, out, depth + 1)


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Key and value; of a merge (`<<`) what is merged, each once or more."""
    for key, value in node.value:
        if key.tag.endswith(":merge") and isinstance(value, yaml.MappingNode) and value is not node:
            yield from _pairs(value)
        else:
            yield str(key.value) if isinstance(key, yaml.ScalarNode) else HIDDEN, value


def _scalars(node: yaml.MappingNode) -> Iterator[tuple[str, str]]:
    return ((key, value.value) for key, value in _pairs(node) if isinstance(value, yaml.ScalarNode))


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bare(text: str) -> str:
    return text if text.isprintable() and text else _text(text)
