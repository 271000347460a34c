"""Where something listens: its text in the config, and what that means."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - where a user listens is the user's choice
"""All of a machine's addresses."""
EXPECTED = "host:port, [ipv6]:port or unix:PATH"


class Address(BaseModel):
    """Where to listen: `host` and `port`, or the path of a Unix socket in `host` and port 0."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int
    unix: bool = False

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.unix or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """`host:port`, `[ipv6]:port` or `unix:PATH`. Raises ValueError."""
    if text.startswith("unix:") and len(text) > len("unix:") and "\0" not in text:
        return Address(host=text.removeprefix("unix:"), port=0, unix=True)
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) < 65536:
        raise ValueError("not host:port")
    if host.startswith("[") and host.endswith("]"):
        return Address(host=str(ipaddress.IPv6Address(host[1:-1])), port=int(port))
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", host):
        raise ValueError("not a host")
    return Address(host=host, port=int(port))


def is_host(text: str) -> bool:
    """Whether that may be a host's name, or its address, without a port."""
    return re.fullmatch(r"[A-Za-z0-9_.:-]{1,253}", text) is not None and (":" not in text or _is_ipv6(text))


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _check_address(text: str) -> str:
    parse_address(text)
    return text


AddressText = Annotated[str, AfterValidator(_check_address)]
