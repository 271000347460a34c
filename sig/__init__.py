"""`sig`: an event router for one process or many. Standard library only.

    import sig

    router = sig.Router()
    router.addListener(lambda info, data: print(info["event"], data), "temp", "hot")
    sender = router.addSender("temp", ["#changed", "hot"], {"read": lambda params: 23.5})
    sender.getSignal("hot").trigger(31.0)
    router.request("temp", "read")

docs/sig.md is the guide.
"""

from sig.carrier.base import Carrier
from sig.client import ClientRouter
from sig.errors import (
    BadParams,
    BadReply,
    Busy,
    NotConnected,
    RemoteError,
    RemoteLookupError,
    RequestError,
    RequestTimeout,
    Unauthorized,
    UnknownMethod,
    UnknownSender,
)
from sig.event import EVENT_CONNECT, EVENT_DISCONNECT, Event
from sig.limits import Limits
from sig.log import LOG_LEVELS, SimpleLogger, setup_logger
from sig.router import Router
from sig.sender import Sender
from sig.server import ServerRouter
from sig.signals import Signal

__all__ = [
    "EVENT_CONNECT",
    "EVENT_DISCONNECT",
    "LOG_LEVELS",
    "BadParams",
    "BadReply",
    "Busy",
    "Carrier",
    "ClientRouter",
    "Event",
    "Limits",
    "NotConnected",
    "RemoteError",
    "RemoteLookupError",
    "RequestError",
    "RequestTimeout",
    "Router",
    "Sender",
    "ServerRouter",
    "Signal",
    "SimpleLogger",
    "Unauthorized",
    "UnknownMethod",
    "UnknownSender",
    "setup_logger",
]
