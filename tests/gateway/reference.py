"""The tables of docs/configuration.md, made from the models and the drivers' option tables.

`PYTHONPATH=. python tests/gateway/reference.py` writes them into the page; test_docs.py checks that they are
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from drivers.kinds import protocol, protocol_names, sensor_class, sensor_kinds
from gateway.config.sections import entries
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
    rows = ["| protocol | key | takes | default | what it is |", "| --- | --- | --- | --- | --- |"]
    for protocol_name in protocol_names():
        for name, option in protocol(protocol_name).options.items():
            default = "must be there" if option.required else _shown(option.default)
            rows.append(f"| `{protocol_name}` | `{name}` | {option.expected} | {default} | {option.doc} |")
    found["link_options"] = "\n".join(rows) + "\n"
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
        rows.append(f"| `{name}` | {extra['expected']} | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


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
