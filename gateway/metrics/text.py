"""Prometheus' text format, version 0.0.4. Pure.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/. The client library would cost 14 MB of
memory for what is these few lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from gateway.samples import Family, Labels, Value

LABELS_KEPT = 16_384
"""Sets of labels whose text is kept for the next scrape, some 250 bytes each; 1,000 sensors have 7,000."""


def exposition(families: Iterable[Family]) -> str:
    """The text. A family without samples is left out."""
    lines: list[str] = []
    for name, kind, text, samples in families:
        said = [
            f"{name}{suffix}{_labels(labels)} {value if type(value) is int else number(value)}"
            for labels, value, suffix in samples
            if value is not None
        ]
        if said:
            lines += f"# HELP {name} {_help(text)}", f"# TYPE {name} {kind}"
            lines += said
    lines.append("")
    return "\n".join(lines)


def number(value: Value) -> str:
    """As Go's ParseFloat reads it."""
    assert value is not None
    if isinstance(value, int):  # bool, too
        return str(int(value))
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def label_value(text: str) -> str:
    """Any text, escaped; what is no Unicode (half of a surrogate pair) becomes words that say so."""
    if not text.isascii():
        text = text.encode(errors="backslashreplace").decode()
    if text.isalnum():
        return text
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@lru_cache(LABELS_KEPT)
def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join([f'{name}="{label_value(value)}"' for name, value in labels]) + "}"


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
