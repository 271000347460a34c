"""What a router of a fleet is started with: its certificate, and the access control made of the list."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.fleet.access import access_of
from gateway.fleet.members import CA, CERT, KEY, LIST, Member, MemberError, Role, read
from gateway.fleet.session import EndpointError, Settings, Tls, endpoint

FILES = (CA, CERT, KEY, LIST)
SOON_DAYS = 60
"""Before a certificate's end, from which on it is said."""
HOW = (
    "make it where the fleet's authority is, with `sig-gateway fleet enrol NAME --router HOST`, and copy the "
    "folder fleet/NAME to this machine"
)
OPEN = (
    "without TLS anybody on this machine may speak as any gateway, and read everything: that is for trying, "
    "not for use"
)


class HubError(Exception):
    """A router cannot be started so; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`listen`, `connect`: where, as people write it; `folder`: what `fleet enrol NAME --router` has made."""

    listen: Sequence[str]
    connect: Sequence[str] = ()
    folder: Path | None = None


def settings_of(asked: Asked) -> Settings:
    """Raises HubError."""
    try:
        listen, connect = ([endpoint(url) for url in urls] for urls in (asked.listen, asked.connect))
    except EndpointError as error:
        raise HubError(str(error)) from None
    schemes = {each.partition("/")[0] for each in (*listen, *connect)}
    if schemes == {"tls", "tcp"}:
        raise HubError(
            "tcp:// and tls:// in one router: whoever comes without a certificate may do nothing where there "
            "are some; write tls:// everywhere"
        )
    if schemes == {"tcp"}:
        return Settings(connect, listen=listen)
    if asked.folder is None:
        raise HubError(f"a router listens with a certificate: give --dir, the folder that has it; {HOW}")
    folder = asked.folder
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing:
        raise HubError(f"{folder}: there is no {', no '.join(missing)}: {HOW}")
    members = members_of(folder)
    if not any(each.role is Role.ROUTER and not each.revoked for each in members.values()):
        raise HubError(f"{folder / LIST}: no router is in it; {HOW}")
    tls = Tls(folder / CA, folder / CERT, folder / KEY)
    return Settings(connect, tls, listen, access_of(members.values()))


def members_of(folder: Path) -> dict[str, Member]:
    """By name. Raises HubError."""
    try:
        return read(folder / LIST)
    except OSError as error:
        raise HubError(f"{folder / LIST} cannot be read: {error.strerror}") from None
    except MemberError as error:
        raise HubError(str(error)) from None


def days_left(member: Member, now: datetime.datetime) -> int:
    """Of its certificate; 0 on its last day, negative after it."""
    return (member.expires - now.date()).days


def ending(members: Sequence[Member], now: datetime.datetime) -> list[str]:
    """A line for each certificate that has ended, or ends soon."""
    lines = []
    for each in members:
        left = days_left(each, now)
        if each.revoked or left > SOON_DAYS:
            continue
        when = f"ends in {left} days, on" if left >= 0 else "has ended on"
        lines.append(
            f"{each.name}: its certificate {when} {each.expires}: sig-gateway fleet renew {each.name}"
        )
    return lines
