"""One `Router` over many gateways, on Eclipse Zenoh; needs the extra `sig-gateway[fleet]`.

`FleetRouter` imports `sig` and zenoh alone, so that a script can use it without the rest of the gateway.
What travels under which key, and what is promised of it: docs/decisions/0020-fleet.md.

A session, for all of the following:

keys           where in zenoh's key space a gateway's things are; pure
message        what is sent there: events, pages of missed ones, positions; pure
session        a zenoh session, and what its errors mean
diagnosis      why no router lets us in
joining        a thread that tries until one does
declaring      what is declared on a session
unread         its links that zenoh does not read, which are ended
sockets        those that this process has open
querying       a question to a gateway that is not waited for

Who hears all gateways:

router         FleetRouter: the Router of all that
others         what it makes of other gateways' senders
own            the senders that it offers itself
patterns       listeners to patterns of names
names          names of senders, as it has them; pure
asking         requests to senders
absence        what is said where nobody is seen, or answers; pure
link           its connection: the session, and threads
listening      the thread between zenoh and it
inbox          what zenoh's threads hand over to that one
subscriptions  what is subscribed to
view           what one consumer knows of the whole fleet; no I/O
known          what it knows of one gateway; pure
news           what becomes known; pure
away           who is away, and since when; who of them is forgotten; pure
presence       who is there, by their tokens, and who is not any more; no I/O
follower       one consumer's view of one gateway's events: in order, once, and what is missing; no I/O
told           what listeners are told of that; pure

Who speaks:

speaker        all that a gateway does on a session
questions      what it is asked, and who answers
answering      the answer to a request
workers        the threads that answer
spool          what was said and may be missing somewhere, numbered
gaps           what of it had to be dropped; pure
paging         a page of it; pure

Who is in it:

members        the list, and what each is; pure
access         what each may do, as zenoh's routers have it; pure
authority      keys and certificates
certificate    what one says; pure
enrol          the folder with all of them
hub            what a router is started with
relay          a router: a session that others come to
neighbours     whom it is linked with, in its log
lingering      its sockets, which hold up nobody when they are closed
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
