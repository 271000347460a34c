"""Imports of a library's that are put off until something of them is used.

paho imports ssl, hashlib and urllib.request for TLS, WebSockets and proxies; pydantic secrets. With them come
OpenSSL, http and more: 6 MB of a gateway's 45, where most brokers are reached by a plain connection.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands for the module of that name, for whoever has imported it meanwhile: any thread."""

    def __getattr__(self, attribute: str) -> Any:
        name = self.__name__
        if sys.modules.get(name) is self:  # used while others are still to be given it
            del sys.modules[name]
        value = getattr(importlib.import_module(name), attribute)
        if not attribute.startswith("__"):
            setattr(self, attribute, value)  # the next time it is here
        return value


@contextmanager
def later(*names: str) -> Iterator[None]:
    """Who imports one of these for the first time, in the block, is given a `Later`."""
    put_off = {name: Later(name) for name in names if name not in sys.modules}
    sys.modules.update(put_off)
    try:
        yield
    finally:
        for name, module in put_off.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
