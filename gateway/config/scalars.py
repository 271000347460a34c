"""What a single YAML value is: text, a number, a boolean or nothing.

Narrower than YAML 1.1 where YAML 1.1 surprises people: dates, `12:30` (which YAML 1.1 reads as 750), `0123`
(83), `.inf` and `.nan` stay text; `1e3` is a number; `on`, `yes`, `off`, `no` are booleans.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

MAX_NUMBER_CHARS = 40
"""A longer run of digits is text: nothing here is that large, and converting one may take forever."""

PREFIX = "tag:yaml.org,2002:"

_BOOLS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def scalar_value(node: yaml.ScalarNode) -> tuple[bool, Any]:
    """(whether the tag is one we know, the value). Never fails: what does not convert stays text."""
    text: str = node.value
    match node.tag.removeprefix(PREFIX):
        case "null":
            return True, None
        case "bool":
            return True, _BOOLS.get(text.lower(), text)
        case "int" | "float":
            return True, _number(text)
        case "str" | "timestamp" | "value" | "merge":
            plain_exponent = node.style is None and "e" in text.lower()
            return True, _number(text) if plain_exponent else text
    return False, None


def _number(text: str) -> int | float | str:
    if len(text) > MAX_NUMBER_CHARS:
        return text
    if _INT.fullmatch(text):
        return int(text.replace("_", ""), 0)
    if _FLOAT.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return text
