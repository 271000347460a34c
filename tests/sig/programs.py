"""Random programs of one process's calls, and what happens when a router runs one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

SENDERS = ("a", "b", "c")
EVENTS = ("plain", "other", "#channel")
LISTENERS = 4
"""Of which the last one raises whatever it hears."""

Step = tuple[Any, ...]


def program(seed: int) -> list[Step]:
    """The program of that number. Of four, two are wild: they do anything, one of them with a listener that
    raises. The two others keep off most of what we do otherwise than pysig."""
    chance = random.Random(seed)
    listeners = LISTENERS - seed % 2
    if seed % 4 < 2:
        return [step(chance, listeners) for _ in range(30)]
    begin: list[Step] = [("add", 0, sender, "#disconnect") for sender in SENDERS]
    begin += [tame("connect", chance, LISTENERS - 1, sender) for sender in SENDERS]
    kinds = chance.choices(
        ("add", "remove", "connect", "disconnect", "signal", "again", "request"), TAME, k=20
    )
    return begin + [tame(kind, chance, LISTENERS - 1, chance.choice(SENDERS)) for kind in kinds]


TAME = (6, 3, 2, 0.3, 6, 2, 2)


def tame(kind: str, chance: random.Random, listeners: int, sender: str) -> Step:
    """A call as in a program that is written with care."""
    if kind == "connect":
        return (kind, sender, chance.sample(EVENTS, len(EVENTS)), ["m", None])
    if kind == "request":
        return (kind, sender, chance.choice(("m", "unknown")), chance.randrange(9), "router")
    while True:
        found = step(chance, listeners, kind)
        if kind != "remove" or found[1:] != (0, found[2], "#disconnect"):
            return found


def step(chance: random.Random, listeners: int, kind: str = "") -> Step:
    """One call, with its arguments; any, if no kind is given."""
    kind = (
        kind
        or chance.choices(
            ("add", "remove", "connect", "disconnect", "signal", "again", "request", "get", "foreign"),
            (6, 3, 6, 4, 6, 3, 4, 1, 0.2),
        )[0]
    )
    sender = chance.choice(SENDERS)
    event = chance.choice((*EVENTS, "#connect", "#disconnect"))
    if kind in ("add", "remove"):
        named = chance.choice((sender, sender, None)), chance.choice((event, event, None))
        return (kind, chance.randrange(listeners), *named)
    if kind == "connect":
        events: Any = chance.sample((*EVENTS, "#connect"), chance.randrange(4))
        events = chance.choice((events, events, events, chance.choice(EVENTS), None))
        methods = chance.choice((None, [], ["m"], ["m", "fail"], [None], ["m", None]))
        return (kind, chance.choices((sender, ""), (30, 1))[0], events, methods)
    if kind == "disconnect":
        return (kind, chance.choices((sender, None), (20, 1))[0], chance.choice(("name", "object", "remove")))
    if kind == "signal":
        return (kind, sender, event, chance.randrange(100))
    if kind == "again":
        return (kind, chance.randrange(100), chance.randrange(100))
    if kind == "request":
        method = chance.choice(("m", "m", "fail", "unknown", None))
        return (kind, sender, method, chance.randrange(9), chance.choice(("router", "sender")))
    return (kind, sender, chance.random() < 0.5)


def handlers(methods: list[str | None] | None) -> dict[str | None, Any] | None:
    """What answers them."""
    known: dict[str | None, Any] = {
        "m": lambda params: ["m", params],
        "fail": lambda params: [][params],
        None: lambda method, params: [method, params],
    }
    return None if methods is None else {method: known[method] for method in methods}


class Run:
    """One program on one router: `said` has for each step what came of it, and who heard what."""

    def __init__(
        self, router: Any, another: Any, names: Callable[[Any], list[str]], program: list[Step]
    ) -> None:
        """`another`: a router of the same kind. `names`: of the senders that a router knows."""
        self.router = router
        self.another = another
        self.heard: list[Any] = []
        self.signals: list[Any] = []
        self.callbacks = [self.callback(number) for number in range(LISTENERS)]
        self.said: list[Any] = []
        for each in program:
            try:
                came: Any = getattr(self, each[0])(*each[1:])
            except Exception as err:  # noqa: BLE001 - what it is is what is compared
                came = err
            state = [(n, self.state(n)) for n in sorted(names(router))]
            self.said.append((came, self.heard, state))
            self.heard = []

    def callback(self, number: int) -> Any:
        """The listener of that number."""

        def listen(info: dict[str, Any], data: Any) -> None:
            if isinstance(data, dict):
                methods = data["requests"]
                data = [sorted(data["events"]), methods and sorted(methods, key=str)]
            self.heard.append((number, info["sender"], info["event"], data))
            if number == LISTENERS - 1:
                raise ZeroDivisionError

        return listen

    def state(self, name: str) -> tuple[Any, ...]:
        """What can be asked of a sender."""
        sender = self.router.getSender(name)
        return sender.isConnected(), sender.countListeners(), sender.hasListeners()

    def add(self, number: int, sender: str | None, event: str | None) -> Any:
        """Subscribe."""
        return self.router.addListener(self.callbacks[number], sender, event)

    def remove(self, number: int, sender: str | None, event: str | None) -> Any:
        """Unsubscribe."""
        return self.router.removeListener(self.callbacks[number], sender, event)

    def connect(self, sender: str, events: Any, methods: Any) -> Any:
        """Add a sender."""
        self.router.addSender(sender, events, handlers(methods))
        return "connected"

    def disconnect(self, sender: str | None, how: str) -> Any:
        """Remove a sender, by its name, as an object, or by its own method."""
        if how == "name" or sender is None:
            return self.router.removeSender(sender)
        found = self.router.getSender(sender)
        if found is None:
            return "nobody"
        return found.remove() if how == "remove" else self.router.removeSender(found)

    def signal(self, sender: str, event: str, data: int) -> Any:
        """Trigger an event, and keep its signal."""
        found = self.router.getSender(sender)
        signal = found and found.getSignal(event)
        if signal is None:
            return "no signal"
        self.signals.append(signal)
        signal.trigger(data)
        return "triggered"

    def again(self, number: int, data: int) -> Any:
        """Trigger a signal that was kept."""
        if not self.signals:
            return "none is kept"
        self.signals[number % len(self.signals)].trigger(data)
        return "triggered"

    def request(self, sender: str, method: str | None, params: int, through: str) -> Any:
        """Ask."""
        if through == "router":
            return self.router.request(sender, method, params)
        found = self.router.getSender(sender)
        return "nobody" if found is None else found.request(method, params)

    def get(self, sender: str, create: bool) -> Any:
        """Look it up."""
        return self.router.getSender(sender, create) is not None

    def foreign(self, sender: str, _create: bool) -> Any:
        """Remove another router's."""
        return self.router.removeSender(self.another.getSender(sender, True))


def agree(expected: Any, found: Any) -> bool:
    """Whether one step has come to the same. An error of ours may be more than pysig's."""
    came, *rest = expected
    other, *others = found
    same = isinstance(other, type(came)) if isinstance(came, Exception) else came == other
    return same and rest == others
