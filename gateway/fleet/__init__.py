"""One `Router` over many gateways, on Eclipse Zenoh; needs the extra `sig-gateway[fleet]`.

It imports `sig` and zenoh alone, so that a script can use it without the rest of the gateway. What travels
under which key, and what is promised of it: docs/decisions/0020-fleet.md.

keys      where in zenoh's key space a gateway's things are
message   what is sent there: events, pages of missed ones, positions
follower  one consumer's view of one gateway's events: in order, once, and what is missing
session   a zenoh session, and what its errors mean
relay     a router: a session that others come to
presence  who is there, by their tokens, and who is not any more
view      what one consumer knows of the whole fleet: presence and a follower for each gateway
router    FleetRouter: the Router of all that; its threads are in `link` and `listening`
spool     what was said and may be missing somewhere, numbered, a page at a time; gaps, paging
speaker   all that a gateway does on a session; questions, answering
"""

from typing import TYPE_CHECKING, Any

from gateway.fleet.keys import Gateway
from gateway.fleet.session import FleetError, Settings, Tls, endpoint

if TYPE_CHECKING:
    from gateway.fleet.router import FleetRouter

__all__ = ["FleetError", "FleetRouter", "Gateway", "Settings", "Tls", "endpoint"]


def __getattr__(name: str) -> Any:
    """`FleetRouter`, when somebody asks: a gateway does without."""
    if name != "FleetRouter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gateway.fleet.router import FleetRouter

    return FleetRouter
