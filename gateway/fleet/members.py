"""Who is in a fleet, and as what: the list that `sig-gateway fleet enrol` keeps. Pure, but for its file.

Each member has a certificate, whose common name is `ROLE:NAME:GENERATION`. Routers let a common name do what
its role may (`access`), and nothing else: so a new generation, after a theft, leaves the old certificate with
nothing. The list is a file, `members.json`, of which each router has a copy.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.fleet import keys
from gateway.naming import EVERY_SITE

LIST = "members.json"
CA, CERT, KEY = "ca.pem", "cert.pem", "key.pem"
"""What each member has: the authority's certificate, its own, and its private key."""
AUTHORITY_KEY = "ca.key"
"""Whoever has it can make members: it stays where it was made."""
MOST_COMMON_NAME = 64
"""Characters: ub-common-name of RFC 5280, which zenoh's and everybody's TLS keeps to."""
DIGEST = 40
"""Of a name that is too long: hexadecimal digits, so 160 bits."""
ABOUT = (
    "who is in the fleet, made by `sig-gateway fleet enrol`; each router has a copy, and reads it at start"
)

_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


class MemberError(ValueError):
    """A name, or the list, cannot be used; the text says what was expected."""


class Role(StrEnum):
    """What a member is."""

    GATEWAY = "gateway"
    ROUTER = "router"
    COLLECTOR = "collector"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Member:
    """One certificate's owner.

    `name`: as it was typed, `site/gateway` of a gateway. `expires`: the certificate's last day, UTC. `hosts`:
    a router's, as members write them, `host` or `host:port`. `site`: a collector's, or `EVERY_SITE`. `reads`,
    `asks`: of a gateway or a reader, whether it may have all that the fleet says, and send requests.
    """

    name: str
    role: Role
    expires: datetime.date
    generation: int = 1
    hosts: tuple[str, ...] = ()
    site: str = ""
    reads: bool = False
    asks: bool = False
    revoked: bool = False

    @property
    def gateway(self) -> keys.Gateway:
        """A gateway's place in the fleet."""
        return gateway_of(self.name)

    @property
    def common_name(self) -> str:
        """Of its certificate. A name that does not fit is there as its digest, behind a `#`, which no name
        has when it is encoded."""
        name = path_of(self.name)
        whole = f"{self.role}:{name}:{self.generation}"
        if len(whole) <= MOST_COMMON_NAME:
            return whole
        return f"{self.role}:#{hashlib.sha256(name.encode()).hexdigest()[:DIGEST]}:{self.generation}"

    @property
    def url(self) -> str:
        """Where a router is reached: its first host."""
        return f"tls://{self.hosts[0]}"


def gateway_of(name: str) -> keys.Gateway:
    """Of `site/gateway`. Raises MemberError."""
    parts = _checked(name)
    if len(parts) != 2:
        raise MemberError(f"a gateway is called site/gateway, such as north/greenhouse; got {name!r}")
    if parts[0] == EVERY_SITE:
        raise MemberError(f"{name!r}: {EVERY_SITE!r} means every site; give this one another name")
    return keys.Gateway(*parts)


def word_of(name: str) -> str:
    """Of who is no gateway, and has one word for a name. Raises MemberError."""
    parts = _checked(name)
    if len(parts) != 1:
        raise MemberError(f"only a gateway's name has a / in it; got {name!r}")
    return parts[0]


def path_of(name: str) -> str:
    """The name as a path below the fleet's folder, and in a certificate: each part percent-encoded."""
    return "/".join(keys.quoted(part) for part in _checked(name))


def _checked(name: str) -> list[str]:
    parts = name.split("/")
    for part in parts:
        if not part or part in (keys.ANY, ".", "..") or len(part) > keys.MOST_NAME:
            raise MemberError(
                f"{name!r}: each part of a name has from 1 to {keys.MOST_NAME} characters, and is none of "
                f"{keys.ANY} . .."
            )
    return parts


def host_of(text: str) -> str:
    """Without the port. Raises ValueError for what is no host."""
    problem = f"expected a host's name or address, or host:port, got {text!r}"
    try:
        parts = urlsplit(f"//{text}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(problem) from None
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        if parts.netloc != text or not _HOST.fullmatch(host):
            raise ValueError(problem) from None
    return host


def read(path: Path) -> dict[str, Member]:
    """By name; revoked ones too. Raises MemberError; FileNotFoundError where there is no list."""
    try:
        listed = json.loads(path.read_text())["members"]
        return {name: _member(name, each) for name, each in listed.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise MemberError(
            f"{path}: expected the list that `sig-gateway fleet enrol` keeps ({what})"
        ) from None


def _member(name: str, said: Mapping[str, Any]) -> Member:
    """What is not known is an error: a router that passed over it might let more be done than was meant."""
    values = dict(said) | {
        "role": Role(said["role"]),
        "expires": datetime.date.fromisoformat(said["expires"]),
        "hosts": tuple(said.get("hosts", ())),
    }
    del values["certificate"]
    member = Member(name=name, **values)
    if said["certificate"] != member.common_name:
        raise MemberError(f"{name!r} has the certificate {member.common_name!r}, not {said['certificate']!r}")
    if member.role is Role.GATEWAY:
        gateway_of(name)
    else:
        word_of(name)
    return member


def write(path: Path, members: Iterable[Member]) -> None:
    """The whole list, at once: whoever reads it has the old one or the new one. Raises OSError."""
    listed = {each.name: _said(each) for each in sorted(members, key=lambda each: each.name)}
    text = json.dumps({"about": ABOUT, "members": listed}, indent=1, ensure_ascii=False) + "\n"
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _said(member: Member) -> dict[str, object]:
    """Without what is as for most."""
    said = {
        key: value for key, value in asdict(member).items() if value not in ("", (), False) and key != "name"
    }
    return {**said, "certificate": member.common_name, "expires": member.expires.isoformat()}
