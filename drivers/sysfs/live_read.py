"""A live read on its way to a bus."""

from collections.abc import Callable

import sig
from drivers.request import Request
from drivers.sysfs.probe import Probe


class LiveRead(Request):
    """A request with what is to be read for it."""

    __slots__ = ("probe",)

    def __init__(self, probe: Probe, unless: Callable[[], object | None] | None) -> None:
        super().__init__("read", (probe.channel,), unless=unless)
        self.probe = probe


def refusal(error: sig.RequestError) -> Callable[[Request], object]:
    """An answer for several, each of which raises an error of its own."""

    def answer(_request: Request) -> object:
        raise type(error)(*error.args)

    return answer
