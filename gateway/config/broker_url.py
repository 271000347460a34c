"""A broker's URL: what is wrong with it, said without its user and password."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from gateway.config.problems import shown

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
"""The schemes, and where a broker listens if the URL does not say."""

_LIKELY = {"tcp": "mqtt", "http": "mqtt", "ssl": "mqtts", "tls": "mqtts", "https": "mqtts"}
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):/+|\s*(mqtts?|wss?):(?!\d)", re.IGNORECASE)
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+(?:%[\w.~-]+)?\]|[^\s\[\]:%\\\"'<>^`{|}]+")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class _Parts(NamedTuple):
    """As it was written, whether right or wrong. `user`: with the password, as one; None: without an `@`."""

    scheme: str
    user: str | None
    host: str
    port: str | None
    rest: str


def host(url: str) -> str:
    """The host of a correct URL, as the system's resolver takes it: an IPv6 address without brackets, with
    its zone as in `fe80::1%eth0`, also where that was written `%25eth0`, as RFC 6874 has it."""
    name, percent, zone = (urlsplit(url).hostname or "").partition("%")
    return name + percent + (zone.removeprefix("25") or zone)


def address(url: str) -> str:
    """`host:port` of a correct URL."""
    parts, name = urlsplit(url), host(url)
    return f"{f'[{name}]' if ':' in name else name}:{parts.port or PORTS[parts.scheme]}"


def problem(url: str, *, secret: bool) -> str | None:
    """Expected, got, what to write, for a URL that is wrong. `secret`: it comes from where it is hidden."""
    parts = _split(url)
    why = _wrong(url, parts)
    if why is None:
        return None
    got = "a value that is not shown" if secret else shown(_masked(url))
    text = f"expected a URL such as mqtt://host:1883, got {got}: {why}"
    if not secret and "${" in url:
        return f"{text}; a variable is not filled in here: write: url: !env NAME, and the whole URL into NAME"
    return text if secret else f"{text}; write: url: {_suggestion(parts)}"


def _split(url: str) -> _Parts:
    found = _SCHEME.match(url)
    scheme = (found[1] or found[2]) if found else ""
    place = url[found.end() :] if found else url
    user, at, place = place.rpartition("@")
    whole = re.match(r"([^/?#]*)(.*)", place, re.DOTALL)
    assert whole is not None
    host, colon, port = whole[1].rpartition(":")
    if not colon or "]" in port:
        host, colon, port = whole[1], "", ""
    return _Parts(scheme, user if at else None, host, port if colon else None, whole[2])


def _wrong(url: str, parts: _Parts) -> str | None:
    if "://" not in url:
        return "it has no '://'"
    if url[: url.index("://")].lower() not in PORTS:
        return f"its scheme is none of {', '.join(PORTS)}"
    if parts.user is not None:
        why = _wrong_user(parts.user)
        if why is not None:
            return why
    if not parts.host:
        return "it has no host"
    if not _HOST.fullmatch(parts.host):
        if re.search(r"\s", parts.host):
            return "there is a space in its host"
        return "its host is not one; an IPv6 address is written in brackets"
    port = parts.port
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        return "its port is not a number from 1 to 65535"
    for mark, name in (("?", "a query"), ("#", "a fragment")):
        if mark in parts.rest:
            return f"it has {name} (from the '{mark}' on), and a broker takes none"
    if parts.rest not in ("", "/") and parts.scheme.lower() not in ("ws", "wss"):
        return "it has a path, which only ws and wss take"
    return None if _parses(url) else "it is not one"


def _wrong_user(user: str) -> str | None:
    for mark in "/?#":
        if mark in user:
            return f"a '{mark}' in a user or a password is written %{ord(mark):02X}"
    if _BAD_PERCENT.search(user):
        return "a '%' in a user or a password is written %25"
    try:
        unquote(user, errors="strict")
    except UnicodeDecodeError:
        return "what is percent-encoded in its user or password is not UTF-8"
    return "it has a password without a user" if user.startswith(":") and user != ":" else None


def _parses(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _masked(url: str) -> str:
    """Without what is before the last `@`, wherever the password's own characters have cut the URL."""
    before, at, place = url.rpartition("@")
    if not at:
        return url
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}***@{place}"


def _suggestion(parts: _Parts) -> str:
    scheme = parts.scheme.lower()
    scheme = scheme if scheme in PORTS else _LIKELY.get(scheme, "mqtt")
    bare_ipv6 = ":" in parts.host and re.fullmatch(r"[0-9A-Fa-f:.]+(%[\w.~-]+)?", parts.host)
    found = _HOST.search(f"[{parts.host}]" if bare_ipv6 else parts.host)
    user = "" if parts.user is None else "USER:PASSWORD@"
    port = parts.port if parts.port and re.fullmatch(r"[1-9][0-9]{0,4}", parts.port) else None
    fits = port is not None and int(port) < 65536
    path = parts.rest if scheme.startswith("ws") and re.fullmatch(r"[\w./-]+", parts.rest) else ""
    return f"{scheme}://{user}{found[0] if found else 'host'}" + (f":{port}" if fits else "") + path
