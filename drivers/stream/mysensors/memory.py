"""What is noted of a network from one start of the program to the next, and how it is read again.

    {"ids": [12], "nodes": {"12": {"sketch": "Greenhouse node", "version": "1.4", "library": "2.3.2",
     "sleeps": true, "silence_s": 1600.0, "battery": true,
     "children": {"0": {"type": 6, "name": "Air", "unit": "", "main": 0,
      "reported": {"0": {"answers": false, "tried": 2}}}}}}}

Only nodes that have been presented, and quantities that are sure, are noted: a damaged line must not make a
node for ever. At most 254 nodes of 300 quantities in all children, some 60 bytes each: 5 MB if all were used,
and 100 KB in a large house. What does not fit is left out when it is read; nothing here raises.
"""

from collections.abc import Mapping
from typing import Any

from drivers.stream.mysensors import types
from drivers.stream.mysensors.nodes import MAX_REPORTED, Child, Node, Reported
from drivers.stream.mysensors.silence import Limits, Silence

LONGEST_TEXT = 32  # more than a payload has
_TRIED = "tried"


def to_notes(given: set[int], nodes: Mapping[int, Node]) -> dict[str, Any]:
    """For `Notes.note`."""
    return {
        "ids": sorted(given),
        "nodes": {str(number): _of_node(node) for number, node in sorted(nodes.items()) if node.known},
    }


def _of_node(node: Node) -> dict[str, Any]:
    return {
        "sketch": node.sketch,
        "version": node.version,
        "library": node.library,
        "sleeps": node.sleeps,
        "silence_s": node.silence.usual_s,
        "battery": node.has_battery,
        "children": {
            str(number): _of_child(child)
            for number, child in sorted(node.children.items())
            if child.type is not None or any(one.sure for one in child.reported.values())
        },
    }


def _of_child(child: Child) -> dict[str, Any]:
    return {
        "type": child.type,
        "name": child.name,
        "unit": child.unit,
        "main": child.main,
        "reported": {
            str(value_type): {"answers": one.answers, _TRIED: one.tries}
            for value_type, one in child.reported.items()
            if one.sure
        },
    }


def from_notes(content: Mapping[str, Any], limits: Limits) -> tuple[set[int], dict[int, Node]]:
    """The numbers that were given to nodes, and the nodes."""
    ids = content.get("ids")
    given = {number for number in ids if _is_number(number, 254)} if isinstance(ids, list) else set()
    nodes = {key: _node(key, noted, limits) for key, noted in _items(content.get("nodes"), 254)}
    return given, nodes


def _node(number: int, noted: Mapping[str, Any], limits: Limits) -> Node:
    usual = noted.get("silence_s")
    usual_s = min(float(usual), limits.most) if isinstance(usual, int | float) and usual > 0 else 0.0
    node = Node(number, Silence(usual_s, limits))
    node.known = True
    node.sketch, node.version, node.library = (
        _text(noted.get(key)) for key in ("sketch", "version", "library")
    )
    node.sleeps = noted.get("sleeps") is True
    node.has_battery = noted.get("battery") is True
    for key, child in _items(noted.get("children"), 254):
        _read_child(node, key, child)
    return node


def _read_child(node: Node, number: int, noted: Mapping[str, Any]) -> None:
    child = node.child(number)
    child_type = noted.get("type")
    if _is_number(child_type, len(types.CHILD_TYPES) - 1):
        child.type = child_type
    child.name, child.unit = _text(noted.get("name")), _text(noted.get("unit"))
    if _is_number(noted.get("main"), len(types.VALUES) - 1):
        child.main = noted["main"]
    for value_type, known in _items(noted.get("reported"), len(types.VALUES) - 1):
        if node.reported_count >= MAX_REPORTED:
            return
        one = Reported(node, number, value_type, sure=True)
        one.answers = known.get("answers") is True
        tries = known.get(_TRIED)
        one.tries = tries if isinstance(tries, int) and 0 <= tries < 10 else 0
        node.reported_count += 1
        child.reports(one)


def _items(mapping: object, most: int) -> list[tuple[int, Mapping[str, Any]]]:
    """The entries whose keys are numbers up to `most`, and whose values are mappings."""
    if not isinstance(mapping, dict):
        return []
    return [
        (int(key), value)
        for key, value in mapping.items()
        if isinstance(value, dict) and isinstance(key, str) and key.isascii() and key.isdigit()
        if len(key) <= 3 and int(key) <= most
    ]


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _text(value: object) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""
