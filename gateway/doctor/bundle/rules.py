"""What is private by how it looks, wherever it stands. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple


class Rule(NamedTuple):
    """What `pattern` finds is a thing of `kind`: its group `it`, or all of it; unless `spares` says so."""

    kind: str
    pattern: re.Pattern[str]
    spares: Callable[[str], bool] = lambda _text: False


def _is_harmless(text: str) -> bool:
    """An address that every machine has, or that is none: a time such as `06:30:00`, a version."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return True
    return address.is_loopback or address.is_unspecified


RULES = (
    Rule(
        "secret",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<it>.*?)(?:-----END|\Z)", re.DOTALL),
    ),
    Rule("secret", re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://(?P<it>[^\s/?#'\"]*)@", re.IGNORECASE)),
    Rule("secret", re.compile(r"\b(?:Bearer|Basic)\s+(?P<it>[\w+/=.~-]{6,})", re.IGNORECASE)),
    Rule(
        "secret",
        re.compile(
            r"\b(?:[\w-]*(?:token|passwd|password|secret|api_?key|psk))[\"']?\s*[=:]\s*(?P<it>\"[^\"\n]+\"|'[^'\n]+'|"
            r"(?!<|!)[^\s\"',;&}\]]+)",
            re.IGNORECASE,
        ),
        lambda text: text in ("null", "None", "none", "''", '""'),
    ),
    Rule("secret", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")),
    Rule("e-mail", re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w\b")),
    Rule(
        "Wi-Fi name",
        re.compile(r"\bssid[\"']?\s*[=:]\s*(?P<it>\"[^\"\n]+\"|'[^'\n]+'|(?!<)[^\s,;]+)", re.IGNORECASE),
    ),
    Rule("address", re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE)),
    Rule("address", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)"), _is_harmless),
    Rule(
        "address",
        re.compile(r"(?<![\w:.])(?=[0-9a-f]*:[0-9a-f:.]*:)[0-9a-f:]{2,39}(?:%\w+)?(?![\w:])", re.IGNORECASE),
        _is_harmless,
    ),
    Rule("host", re.compile(r"\b[\w-]+\.(?:local|lan|home|internal|fritz\.box|home\.arpa)\b", re.IGNORECASE)),
    Rule("user", re.compile(r"(?<![\w.])/(?:home|Users)/(?P<it>[^/\s:'\",<>]+)")),
    Rule(
        "serial",
        re.compile(r"/by-id/(?:usb|ata|nvme)-[^\s'\",]*_(?P<it>[^\s'\",_]+?)(?=-(?:if|port)\d|[\s'\",]|\Z)"),
    ),
    Rule("serial", re.compile(r"\busb:[0-9a-f]{4}:[0-9a-f]{4}:(?P<it>[^\s'\",]+)", re.IGNORECASE)),
    Rule("serial", re.compile(r"\b[0-9a-f]{2}-(?P<it>[0-9a-f]{12})\b", re.IGNORECASE)),
)
