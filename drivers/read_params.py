"""The parameters of a live read."""

from typing import NamedTuple, Self

import sig
from drivers.options import finite

DEFAULT_TIMEOUT_S = 3.0
# A request holds a thread of the network's pool while it waits.
MAX_TIMEOUT_S = 60.0
_NAMES = ("max_age", "timeout")


class ReadParams(NamedTuple):
    """`max_age`: a value measured so many seconds ago will do (0: ask the board). `timeout`: seconds to
    wait."""

    max_age: float
    timeout: float

    @classmethod
    def parse(cls, params: object) -> Self:
        """From a request's params: None, or `{"max_age": s, "timeout": s}`, both optional. Raises
        `sig.BadParams`."""
        if params is None:
            params = {}
        if not isinstance(params, dict):
            raise sig.BadParams(f'expected params such as {{"max_age": 5, "timeout": 2}}, got {params!r}')
        for name in params:
            if name not in _NAMES:
                raise sig.BadParams(f"expected the params {' and '.join(_NAMES)}, got {name!r}")
        timeout = _seconds(params, "timeout", DEFAULT_TIMEOUT_S)
        return cls(_seconds(params, "max_age", 0.0), min(timeout, MAX_TIMEOUT_S))


def _seconds(params: dict[object, object], name: str, default: float) -> float:
    value = params.get(name)
    if value is None:
        return default
    seconds = finite(value)
    if seconds is not None and seconds >= 0:
        return seconds
    raise sig.BadParams(f"expected seconds from 0 for {name!r}, got {value!r}")
