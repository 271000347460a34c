"""Where a server listens, as one writes it: `tcp://host:port`."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from sig.carrier.sockets import UNIX_PREFIX

# The gateway's, as in its config's `router.listen`.
DEFAULT_PORT = 7300
_BARE = re.compile(r"[^/@:]+|[^/@]*:[0-9]+|\[[^/@]+\]")


class Address(NamedTuple):
    """What a carrier's `connect` takes. Of a Unix socket `host` is `unix:/path`, and `port` 0."""

    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        if self.host.startswith(UNIX_PREFIX):
            return self.host
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls' if self.tls else 'tcp'}://{host}:{self.port}"


def parse_address(url: str) -> Address:
    """`tcp://host[:port]`, `tls://host[:port]`, `unix:/path`, `host[:port]`, `:port`; IPv6 as `[::1]`.

    Raises ValueError.
    """
    problem = f"expected tcp://host:port, tls://host:port or unix:/path, got {url!r}"
    if url.startswith(UNIX_PREFIX):
        path = re.sub("^//+", "/", url.removeprefix(UNIX_PREFIX))
        if not path or "\0" in path:
            raise ValueError(problem)
        return Address(UNIX_PREFIX + path, 0)
    if _BARE.fullmatch(url):
        url = f"tcp://{'127.0.0.1' if url.startswith(':') else ''}{url}"
    try:
        parts = urlsplit(url)
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        raise ValueError(problem) from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not port or more:
        raise ValueError(problem)
    return Address(parts.hostname, port, parts.scheme == "tls")
