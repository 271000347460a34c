"""Where a gateway's things are in zenoh's key space. Pure.

    sig/1/SITE/GATEWAY/up                     liveliness: the gateway is there
    sig/1/SITE/GATEWAY/up/SENDER              liveliness: its sender is connected
    sig/1/SITE/GATEWAY/events                 put: each event, as it happens; the position of the newest, when
                                              nothing follows. Queryable: a page of those after a position
    sig/1/SITE/GATEWAY/senders                queryable: what `senders --json` prints, of that gateway
    sig/1/SITE/GATEWAY/ask                    queryable: a request, to one of its senders
    sig/1/SITE/GATEWAY/confirmed/CONSUMER     put, by a durable consumer: it has all up to that position

Everything of a gateway is under one prefix, so that one rule of a router's access control says what it may
speak for. What is put often is put under a key that is a queryable's, too: such a key each router knows, with
the way from there; for another it would look through all gateways, each time.

Names are percent-encoded, each as one part: a key has no empty part, and `*`, `$`, `?`, `#` have a meaning in
zenoh; `%` is free there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

ROOT = "sig/1"
"""The number changes when a version would misunderstand another's messages."""
ANY = "*"
"""As a site's, a gateway's or a sender's name in a pattern: all of them."""
MOST_NAME = 1024
"""Characters of a site's, a gateway's or a sender's name."""

_MOST_CACHED = 1024
"""Names that are remembered in their other form, as few are used again and again; of 10 kB at most each."""

UP, EVENTS, SENDERS, ASK, CONFIRMED = "up", "events", "senders", "ask", "confirmed"


class Gateway(NamedTuple):
    """Which gateway: names as people write them. `ANY` for either makes a pattern."""

    site: str
    name: str

    def __str__(self) -> str:
        """The beginning of its senders' names."""
        return f"{quoted(self.site)}/{quoted(self.name)}"

    def key(self, *parts: str) -> str:
        """The key of something of it; `parts` are names, and encoded."""
        return "/".join((ROOT, str(self), *(quoted(part) for part in parts)))

    def keys(self, kind: str) -> str:
        """The key expression of all of a kind: with `up`, the gateway and each of its senders."""
        return f"{self.key(kind)}/**"

    def covers(self, other: Gateway) -> bool:
        """Whether that gateway, or every one of that pattern, is meant."""
        return all(mine in (ANY, its) for mine, its in zip(self, other, strict=True))


EVERY = Gateway(ANY, ANY)


class Name(NamedTuple):
    """A sender of the fleet, or a pattern of them: `site/gateway/sender`."""

    gateway: Gateway
    sender: str

    def __str__(self) -> str:
        return f"{self.gateway}/{quoted(self.sender)}"

    @property
    def is_pattern(self) -> bool:
        """Whether it may stand for several."""
        return ANY in (*self.gateway, self.sender)

    def matches(self, other: Name) -> bool:
        """Whether that sender is meant."""
        return self.gateway.covers(other.gateway) and self.sender in (ANY, other.sender)


@lru_cache(_MOST_CACHED)
def parse_name(text: str) -> Name:
    """Of what people write: three parts, each percent-encoded where it has a `/` or `%` in it, or `*`.

    Raises ValueError.
    """
    parts = text.split("/")
    if len(parts) != 3:
        raise ValueError(
            "a sender of a fleet is called site/gateway/sender, such as north/greenhouse/temp; "
            f"got {text!r}; write %2F for a / within a name, and * for any"
        )
    site, gateway, sender = (_name(part, text) for part in parts)
    return Name(Gateway(site, gateway), sender)


def _name(part: str, text: str) -> str:
    if not part:
        raise ValueError(f"a part of {text!r} is empty: expected site/gateway/sender")
    if part != ANY and ANY in part:
        raise ValueError(f"{text!r}: * stands for a whole part, as in */greenhouse/temp")
    name = unquote(part, errors="replace")
    if len(name) > MOST_NAME:
        raise ValueError(f"a part of a sender's name has at most {MOST_NAME} characters, got {len(name)}")
    return name


class Key(NamedTuple):
    """A key taken apart: whose, of what kind, and the names that follow."""

    gateway: Gateway
    kind: str
    names: tuple[str, ...]


def parse_key(text: str) -> Key | None:
    """None for what is no key of ours: of another version, say, with a longer name than `parse_name` takes,
    or with one that would mean every site or gateway."""
    if not text.startswith(f"{ROOT}/"):
        return None
    site, _, rest = text[len(ROOT) + 1 :].partition("/")
    parts = rest.split("/")
    if not site or len(parts) < 2 or "" in parts:
        return None
    gateway = Gateway(unquoted(site), unquoted(parts[0]))
    names = tuple(unquoted(part) for part in parts[2:])
    if ANY in gateway or any(len(name) > MOST_NAME for name in (*gateway, *names)):
        return None
    return Key(gateway, parts[1], names)


@lru_cache(_MOST_CACHED)
def quoted(name: str) -> str:
    """One part of a key, or of a sender's name; `*` alone stays what it is."""
    return name if name == ANY else quote(name, safe="", errors="replace")


def unquoted(part: str) -> str:
    """The name that it is the form of."""
    return unquote(part, errors="replace") if "%" in part else part
