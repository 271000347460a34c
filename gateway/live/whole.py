"""What the live table says of the whole gateway: links, MQTT, history, page, clock; and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.live.lines import Piece
from gateway.plain import plain

LINK, DEVICE = "links.", "devices."
_STYLES = {"ok": "green", "unknown": "yellow", "failing": "red"}


class Whole(NamedTuple):
    """`pieces`: a few words each, the most important first. `faults`: sentences with their style."""

    pieces: Sequence[Piece]
    faults: Sequence[Piece]


def whole_of(report: Mapping[str, Any], page: str | None, listen: str) -> Whole:
    """`report`: as the gateway answers `health`; `page`: its address, if there is one; `listen`: the
    router's."""
    parts = report["parts"]
    return Whole(list(_pieces(parts, page, listen)), list(_faults(parts)))


def _pieces(parts: Mapping[str, Any], page: str | None, listen: str) -> Iterator[Piece]:
    links = [part["status"] for name, part in parts.items() if name.startswith(LINK)]
    up = links.count("ok")
    worst = next((status for status in ("failing", "unknown") if status in links), "ok")
    yield f"{up} of {len(links)} link{'s' if len(links) != 1 else ''} up", _STYLES[worst]
    if (mqtt := parts.get("mqtt")) is not None:
        yield _mqtt(mqtt), _STYLES[mqtt["status"]]
    if (history := parts.get("history")) is not None:
        yield f"history {history['status']}", _STYLES[history["status"]]
    if (clock := parts.get("clock")) is not None:
        yield ("clock set", "dim") if clock["status"] == "ok" else ("clock not set", "yellow")
    if page is not None:
        http = parts.get("http", {}).get("status", "ok")
        yield (page, "") if http == "ok" else (f"page {http}", _STYLES[http])
    yield f"router {listen}", "dim"
    yield "Ctrl-C ends it", "dim"


def _mqtt(part: Mapping[str, Any]) -> str:
    if "connected" not in part:  # it is left out of the config
        return "mqtt left out"
    states = {"ok": "connected", "unknown": "connecting", "failing": "away"}
    state = "connected" if part["connected"] else states[part["status"]]
    waiting = part["waiting"]
    return f"mqtt {state}, {waiting} wait{'s' if waiting == 1 else ''}" if waiting else f"mqtt {state}"


def _faults(parts: Mapping[str, Any]) -> Iterator[Piece]:
    """Links first, as most else follows from them."""
    for wanted in ("failing", "unknown"):
        for name, part in sorted(parts.items(), key=lambda item: not item[0].startswith(LINK)):
            if part["status"] != wanted or name.startswith(DEVICE):
                continue
            if wanted == "unknown" and name != "clock":
                continue  # it begins; the pieces say so
            message = part["message"]
            said = message if message.startswith("left out: ") else f"{name.removeprefix(LINK)}: {message}"
            yield plain(said), _STYLES[wanted]
