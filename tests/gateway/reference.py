"""The tables of docs/configuration.md, made from the models and the drivers' option tables.

`PYTHONPATH=. python tests/gateway/reference.py` writes them into the page; test_docs.py checks that they are
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from drivers.kinds import protocol, protocol_names, sensor_class, sensor_kinds
from drivers.options import Option
from gateway.config.sections import entries
from gateway.config.sizes import AS_SIZE
from gateway.config.spans import AS_SPAN

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1, "ms": 0.001}


def tables() -> dict[str, str]:
    """Every table by name."""
    found = {
        name: _section(model)
        for section, entry in entries().items()
        for name, model in _with_inner(section, entry.model)
    }
    found["port_options"], found["link_options"] = _link_options(
        {name: protocol(name).options for name in protocol_names()}
    )
    first, *others = (sensor_class(kind).option_table() for kind in sensor_kinds())
    shared = {name for name, option in first.items() if all(other.get(name) == option for other in others)}
    found["options"] = _options({name: option for name, option in first.items() if name in shared})
    rows = ["| driver | option | takes | what it does |", "| --- | --- | --- | --- |"]
    for kind in sensor_kinds():
        table = sensor_class(kind).option_table()
        own = {name: option for name, option in table.items() if name not in shared}
        rows += [
            f"| `{kind}` | `{n}` | {o.expected}{'; must be there' * o.required} | {o.doc} |"
            for n, o in own.items()
        ]
    found["own_options"] = "\n".join(rows) + "\n"
    return found


def filled_in(page: str) -> str:
    """The page with every table as it should be."""
    made = tables()
    return _BLOCK.sub(lambda match: match[1] + made[match[2]] + match[3], page)


def _with_inner(name: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """A section's table, and that of each mapping in it: `mqtt`, `mqtt_tls`."""
    yield name, model
    for key, info in model.model_fields.items():
        for inner in (info.annotation, *get_args(info.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _with_inner(f"{name}_{key}", inner)


def _section(model: type[BaseModel]) -> str:
    rows = ["| key | takes | default | what it is |", "| --- | --- | --- | --- |"]
    for name, field in model.model_fields.items():
        extra: Any = field.json_schema_extra
        default = "must be there" if field.is_required() else _shown(field.default)
        if AS_SPAN in field.metadata:
            default = f"`{_span(field.default)}`"
        if AS_SIZE in field.metadata:
            default = (
                f"`{field.default / 10**6:g}MB`"
                if field.default < 10**9
                else f"`{field.default / 10**9:g}GB`"
            )
        rows.append(f"| `{name}` | {extra['expected']} | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def _link_options(by_protocol: Mapping[str, Mapping[str, Option]]) -> tuple[str, str]:
    """The keys that all links on a port have, and then what each protocol has beside them."""
    on_ports = {name: table for name, table in by_protocol.items() if "port" in table}
    first = next(iter(on_ports.values()))
    shared = [
        key
        for key, option in first.items()
        if all(key in table and _same(table[key], option) for table in on_ports.values())
    ]
    rows = ["| key | takes | default | what it is |", "| --- | --- | --- | --- |"]
    for key in shared:
        defaults: dict[str, list[str]] = {}
        for name, table in on_ports.items():
            defaults.setdefault(_default(table[key]), []).append(name)
        said = [f"{default} ({', '.join(names)})" for default, names in defaults.items()]
        default = next(iter(defaults)) if len(defaults) == 1 else ", ".join(said)
        rows.append(f"| `{key}` | {first[key].expected} | {default} | {first[key].doc} |")
    own = ["| protocol | key | takes | default | what it is |", "| --- | --- | --- | --- | --- |"]
    for name, table in by_protocol.items():
        own += [
            f"| `{name}` | `{key}` | {option.expected} | {_default(option)} | {option.doc} |"
            for key, option in table.items()
            if name not in on_ports or key not in shared
        ]
    return "\n".join(rows) + "\n", "\n".join(own) + "\n"


def _same(option: Option, other: Option) -> bool:
    """Whether two read alike in a table, but for their defaults."""
    return (option.expected, option.doc, option.required) == (other.expected, other.doc, other.required)


def _default(option: Option) -> str:
    return "must be there" if option.required else _shown(option.default)


def _options(table: dict[str, Any]) -> str:
    rows = ["| option | takes | default | what it does |", "| --- | --- | --- | --- |"]
    rows += [f"| `{name}` | {o.expected} | {_shown(o.default)} | {o.doc} |" for name, o in table.items()]
    return "\n".join(rows) + "\n"


def _shown(default: object) -> str:
    if default is None:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _span(seconds: float) -> str:
    """As a person writes it: `7d`."""
    unit, size = next((unit, size) for unit, size in _UNITS.items() if seconds % size == 0)
    return f"{seconds / size:g}{unit}"


if __name__ == "__main__":
    PAGE.write_text(filled_in(PAGE.read_text()))
