"""`sig`: an event router for one process or many. Standard library only.

    import sig

    router = sig.Router()
    router.addListener(lambda info, data: print(info["event"], data), "temp", "hot")
    sender = router.addSender("temp", ["#changed", "hot"], {"read": lambda params: 23.5})
    sender.getSignal("hot").trigger(31.0)
    router.request("temp", "read")

docs/sig.md is the guide.
"""

from typing import Any

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
from sig.event import CHANNEL_DECORATOR, EVENT_CONNECT, EVENT_DISCONNECT, Event
from sig.limits import Limits
from sig.log import LOG_LEVELS, NullLogger, SimpleLogger, setup_logger
from sig.router import Router
from sig.sender import Sender
from sig.server import ServerRouter
from sig.signals import Signal
from sig.subscription import Subscription

VERSION = "0.7.3"
"""Of pysig, whose API and protocol these are. A script may ask `sig.VERSION`, as it could there."""

__version__: str
"""Of this distribution; "unknown" where the source is used without being installed."""

__all__ = [
    "CHANNEL_DECORATOR",
    "EVENT_CONNECT",
    "EVENT_DISCONNECT",
    "LOG_LEVELS",
    "VERSION",
    "BadParams",
    "BadReply",
    "Busy",
    "Carrier",
    "ClientRouter",
    "Event",
    "Limits",
    "NotConnected",
    "NullLogger",
    "RemoteError",
    "RemoteLookupError",
    "RequestError",
    "RequestTimeout",
    "Router",
    "Sender",
    "ServerRouter",
    "Signal",
    "SimpleLogger",
    "Subscription",
    "Unauthorized",
    "UnknownMethod",
    "UnknownSender",
    "setup_logger",
]


def __getattr__(name: str) -> Any:
    """`__version__`, looked up when somebody asks: that takes longer than all of the rest."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sig-gateway")
    except PackageNotFoundError:
        return "unknown"
