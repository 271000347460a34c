"""Senders' names as one FleetRouter has them. Pure.

A sender of the fleet is `site/gateway/sender`, each part percent-encoded. Those of one gateway, `near`, are
called by that last part alone: so what was written for one gateway works in a fleet.
"""

from __future__ import annotations

from gateway.fleet.keys import ANY, Gateway, Name, parse_name, quoted


class Names:
    """`near`: the gateway whose senders have short names; None: there is none."""

    def __init__(self, near: Gateway | None) -> None:
        self._near = near

    def parse(self, text: str) -> Name:
        """Of what a user writes, also as a pattern. Raises ValueError, TypeError."""
        if not isinstance(text, str):
            raise TypeError(f"the name of a sender must be a string, got {text!r}")
        if self._near is not None and text and "/" not in text:
            return parse_name(f"{self._near}/{text}")
        return parse_name(text)

    def text(self, name: Name) -> str:
        """As the router has it, and tells it to listeners."""
        if name.gateway == self._near and name.sender != ANY:
            return quoted(name.sender)
        return str(name)
