"""From events to topics and payloads, and from request topics back: pure, no I/O.

Another mapping (Sparkplug B) would be another module with the same calls.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import Any
from urllib.parse import unquote

from drivers.clock import UNSET
from drivers.reading import format_utc
from gateway.encoding import decode, encode, to_json
from gateway.mailbox import MAX_NAME

ONLINE, OFFLINE = "online", "offline"

# What a topic level cannot hold: separators, wildcards, control characters, what is not a character, and
# `%` itself, so that decoding is the exact reverse.
_FORBIDDEN = re.compile(
    "[%/+#\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)


def level(name: str) -> str:
    """`name` as one level of a topic: what MQTT forbids there is percent-encoded."""
    return _FORBIDDEN.sub(_percent, name)


def unlevel(text: str) -> str:
    """The name that `level` made `text` from."""
    return unquote(text, errors="surrogatepass")


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode(errors="surrogatepass"))


def event_level(event: str) -> str:
    """An event's level: its leading `#` is left off."""
    return level(event[1:] if event.startswith("#") and len(event) > 1 else event)


class Topics:
    """The topics of one gateway, by its name."""

    def __init__(self, gateway: str) -> None:
        self.base = f"sig/{level(gateway)}"
        self.status = f"{self.base}/status"
        self.diagnostics = f"{self.base}/diagnostics"
        self.probe = f"{self.base}/probe"
        self.requests = f"{self.base}/+/request/+"

    def state(self, sender: str) -> str:
        """Of the newest reading, retained."""
        return f"{self.base}/{level(sender)}/state"

    def availability(self, sender: str) -> str:
        """Of online and offline, retained."""
        return f"{self.base}/{level(sender)}/availability"

    def event(self, sender: str, event: str) -> str:
        """Of one event of one sender."""
        return f"{self.base}/{level(sender)}/event/{event_level(event)}"

    def request(self, sender: str, method: str) -> str:
        """Where one method of a sender is called."""
        return f"{self.base}/{level(sender)}/request/{level(method)}"

    def response(self, sender: str, method: str) -> str:
        """Where answers go if the request does not say."""
        return f"{self.base}/{level(sender)}/response/{level(method)}"

    def called(self, topic: str) -> tuple[str, str] | None:
        """(sender, method) of a request's topic; None if it is none of ours, or nobody has such names."""
        if not topic.startswith(f"{self.base}/"):
            return None
        parts = topic.removeprefix(f"{self.base}/").split("/")
        if len(parts) != 3 or parts[1] != "request":
            return None
        sender, method = unlevel(parts[0]), unlevel(parts[2])
        return (sender, method) if len(sender) + len(method) <= MAX_NAME else None

    def may_answer_on(self, topic: str) -> bool:
        """Whether a caller may have its answer there: anywhere but on our own topics, other than responses.

        An answer on a request's topic would be a request, one on a state's a forged reading.
        """
        if not topic or _WILD.search(topic) or len(topic.encode(errors="replace")) > MAX_TOPIC_BYTES:
            return False
        if not topic.startswith(f"{self.base}/"):
            return not topic.startswith("$")
        parts = topic.removeprefix(f"{self.base}/").split("/")
        return len(parts) == 3 and parts[1] == "response"


_WILD = re.compile("[+#\x00]")
MAX_TOPIC_BYTES = 1024
"""A name of 64 characters, each of four bytes, percent-encoded, twice, fits; MQTT's own limit is 65535."""


def event_payload(head: str, event_id: str, *, late: bool) -> bytes:
    """The message of an event, from its body's head: marked with its id, and late if it is."""
    mark = ',"late":true}' if late else "}"
    return f'{head},"id":{encode_basestring(event_id)}{mark}'.encode(errors="replace")


def gap_head(first: float, last: float, count: int, reason: str, *, unset: bool = False) -> str:
    """Of a gap record: from when to when how many events were dropped, and why. `unset`: the times may be
    wrong."""
    return encode(
        {
            "from": format_utc(first),
            "to": format_utc(last),
            "count": count,
            "reason": reason,
            "time": format_utc(last),
            **({"clock": UNSET} if unset else {}),
        }
    )[:-1]


class BadCallError(ValueError):
    """A request's payload is not what it should be; the text says what it should be."""


def call(payload: bytes) -> tuple[Any, Any]:
    """(params, transaction) of a request's payload. Raises BadCallError.

    Nothing: no params. A mapping: the params, but for `transaction`. Other JSON: the params.
    """
    if not payload.strip():
        return None, None
    try:
        value = decode(payload.decode())
    except (ValueError, RecursionError) as error:
        text = f"expected JSON, got {payload[:60]!r}: {error}"
        raise BadCallError(text) from None
    if not isinstance(value, dict):
        return value, None
    transaction = value.pop("transaction", None)
    return (value or None) if transaction is not None else value, transaction


def answer(transaction: Any, **fields: Any) -> bytes:
    """The message of an answer: `status`, and `response`, or `error` and `message`."""
    if transaction is not None:
        fields["transaction"] = transaction
    pairs = ",".join(f'"{name}":{to_json(value)}' for name, value in fields.items())
    return f"{{{pairs}}}".encode(errors="replace")
