"""What `dispatch` compares: how each subscribes a listener, and the statement that triggers.

A contender is made anew for each number of listeners. Its listeners do nothing; `statement` is timed with
`names` as its globals, so that nothing but itself is in the figure.
"""

from collections.abc import Callable
from typing import Any

import sig
from benchmarks.report import load

INFO = {"sender": "temp", "event": "#changed"}
Listener = Callable[..., None]


class Contender:
    """`subscribe` adds one listener; the caller keeps the listeners, as some contenders hold them weakly."""

    def __init__(self, subscribe: Callable[[Listener], object], statement: str, **names: Any) -> None:
        self.subscribe = subscribe
        self.statement = statement
        self.names = {"data": 23.5, "info": INFO, **names}

    def make_listener(self) -> Listener:
        """A new one."""

        def listener(info: Any, data: Any) -> None: ...

        return listener


def bare() -> Contender:
    """The limit: a loop over a tuple, not thread-safe, and the first listener that raises ends it."""
    names: dict[str, Any] = {"targets": ()}

    def subscribe(listener: Listener) -> None:
        contender.names["targets"] += (listener,)

    contender = Contender(subscribe, "for target in targets: target(info, data)", **names)
    return contender


def _temp() -> tuple[sig.Router, sig.Sender]:
    router = sig.Router()
    return router, router.addSender("temp", "#changed")


def sig_kept() -> Contender:
    """Ours, the signal kept."""
    router, temp = _temp()
    signal = temp.getSignal("#changed")
    return Contender(
        lambda call: router.addListener(call, "temp", "#changed"), "signal.trigger(data)", signal=signal
    )


def sig_one_expression() -> Contender:
    """Ours, as people write it."""
    router, temp = _temp()
    return Contender(
        lambda call: router.addListener(call, "temp", "#changed"),
        "temp.getSignal('#changed').trigger(data)",
        temp=temp,
    )


def blinker() -> Contender | None:
    """`signal.send(sender, data=...)`."""
    module = load("blinker")
    if module is None:
        return None
    signal = module.Signal()
    return Contender(signal.connect, "send(info, data=data)", send=signal.send)


def psygnal() -> Contender | None:
    """A Signal of a class, `emit`."""
    module = load("psygnal")
    if module is None:
        return None
    owner = type("Temp", (), {"changed": module.Signal(object, object)})()
    return Contender(owner.changed.connect, "emit(info, data)", emit=owner.changed.emit, owner=owner)


def pyee() -> Contender | None:
    """EventEmitter."""
    module = load("pyee")
    if module is None:
        return None
    emitter = module.EventEmitter()
    return Contender(
        lambda call: emitter.on("#changed", call), "emit('#changed', info, data)", emit=emitter.emit
    )


def pydispatcher() -> Contender | None:
    """`send(signal, sender, ...)`."""
    module = load("pydispatch.dispatcher")
    if module is None:
        return None
    sender = object()
    return Contender(
        lambda call: module.connect(call, "#changed", sender),
        "send('#changed', sender, info=info, data=data)",
        send=module.send,
        sender=sender,
    )


def pypubsub() -> Contender | None:
    """`sendMessage(topic, ...)`."""
    module = load("pubsub.pub")
    if module is None:
        return None
    # Topics are the module's own: one for each contender made.
    topic = f"changed{next(_topics)}"
    return Contender(
        lambda call: module.subscribe(call, topic),
        "send(topic, info=info, data=data)",
        send=module.sendMessage,
        topic=topic,
    )


_topics = iter(range(1_000_000))

CONTENDERS: dict[str, Callable[[], Contender | None]] = {
    "bare loop": bare,
    "sig": sig_kept,
    "sig, one expression": sig_one_expression,
    "blinker": blinker,
    "psygnal": psygnal,
    "pyee": pyee,
    "PyDispatcher": pydispatcher,
    "PyPubSub": pypubsub,
}
PACKAGES = ("blinker", "psygnal", "pyee", "PyDispatcher", "PyPubSub")
