"""The fleet's folder: its authority, the list of its members, and each one's files to be copied.

ca.key                          the authority's: it never leaves this folder
ca.pem  members.json            the authority's certificate; who is enrolled
NAME/{ca,cert,key}.pem          of each member; a router's folder has a copy of members.json as well
"""

from __future__ import annotations

import datetime
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.fleet.authority import MEMBER_DAYS, Authority
from gateway.fleet.members import (
    AUTHORITY_KEY,
    CA,
    CERT,
    KEY,
    LIST,
    Member,
    MemberError,
    Role,
    gateway_of,
    host_of,
    path_of,
    read,
    word_of,
    write,
)
from gateway.naming import CHARACTERS, is_name

OURS = {CA, CERT, KEY, LIST}
"""In a member's folder."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to be enrolled. `hosts`: of a router; `site`: of a collector; see `members.Member`."""

    name: str
    hosts: Sequence[str] = ()
    site: str = ""
    reads: bool = False
    asks: bool = False

    def member(self, expires: datetime.date) -> Member:
        """Raises MemberError."""
        if self.asks and not self.reads:
            raise MemberError("--ask goes with --reader")
        role = self._role()
        if role is Role.GATEWAY:
            _check_for_config(*gateway_of(self.name))
        elif role is Role.COLLECTOR:
            _check_for_config(word_of(self.name), word_of(self.site))
        else:
            word_of(self.name)
        for host in self.hosts:
            try:
                host_of(host)
            except ValueError as error:
                raise MemberError(str(error)) from None
        return Member(
            self.name,
            role,
            expires,
            hosts=tuple(self.hosts),
            site=self.site,
            reads=self.reads,
            asks=self.asks,
        )

    def _role(self) -> Role:
        if bool(self.hosts) + bool(self.site) + self.reads > 1:
            raise MemberError("--router, --collector and --reader: give one of them")
        if self.hosts:
            return Role.ROUTER
        if self.site:
            return Role.COLLECTOR
        if "/" in self.name:
            return Role.GATEWAY
        if self.reads:
            return Role.READER
        raise MemberError(
            f"a gateway is called site/gateway, such as north/greenhouse; got {self.name!r}; "
            "others are told apart by --router, --collector or --reader"
        )


def _check_for_config(*names: str) -> None:
    """As its config has it: `gateway.name` and `fleet.site`, `collect.name` and `collect.sites`."""
    for name in names:
        if not is_name(name):
            raise MemberError(f"{name!r}: no config takes it as a name: expected {CHARACTERS}")


class Folder:
    """Of one fleet, at `path`. All methods raise MemberError, AuthorityError and OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def place(self, member: Member) -> Path:
        """Where its files are."""
        return self.path / path_of(member.name)

    def members(self) -> dict[str, Member]:
        """By name, also those that were revoked."""
        try:
            return read(self.path / LIST)
        except FileNotFoundError:
            return {}

    def enrol(self, wanted: Wanted, now: datetime.datetime, *, again: bool) -> Member:
        """Make its key and certificate. One that is there is refused but with `again`, which leaves the one
        before without rights."""
        member = wanted.member(_expires(now))
        with self._alone(make=True):
            members = self.members()
            before = members.get(member.name)
            if before is not None and not (again or before.revoked):
                raise MemberError(
                    f"{member.name!r} is enrolled already, as {before.role}: `fleet renew` makes it a new "
                    "certificate before that ends; --again one that leaves the old one without rights, as "
                    "after a theft, or to change what it may do"
                )
            if before is not None:
                member = replace(member, generation=before.generation + 1)
            self._check_place(member, members)
            authority = self._authority(now, members)
            self._issue(authority, member)
            self._keep({**members, member.name: member})
            return member

    def renew(self, name: str, now: datetime.datetime) -> Member:
        """A new key and certificate with the same rights; the one before is good until its end."""
        with self._alone():
            members = self.members()
            member = replace(_of(members, name), expires=_expires(now))
            self._issue(Authority(self.path), member)
            self._keep({**members, name: member})
            return member

    def revoke(self, name: str) -> Member:
        """Without rights, once the routers have the new list. Its files here are removed."""
        with self._alone():
            members = self.members()
            member = replace(_of(members, name), revoked=True)
            self._keep({**members, name: member})
            for file in OURS:
                (self.place(member) / file).unlink(missing_ok=True)
            return member

    def _authority(self, now: datetime.datetime, members: dict[str, Member]) -> Authority:
        """That of the fleet; made with its first member, never beside a list of another's."""
        if members or (self.path / CA).exists():
            return Authority(self.path)
        return Authority.make(self.path, now)

    def _check_place(self, member: Member, members: dict[str, Member]) -> None:
        """Its folder is nobody else's."""
        place = self.place(member)
        first = place.relative_to(self.path).parts[0]
        if first in (CA, LIST, AUTHORITY_KEY):
            raise MemberError(f"nobody can be called {first!r} in a fleet: a file is")
        for name in members:
            other = self.path / path_of(name)
            if other != place and (place.is_relative_to(other) or other.is_relative_to(place)):
                raise MemberError(
                    f"{member.name!r}: its folder would be with that of {name!r}; choose another name"
                )
        found = {each.name for each in place.iterdir()} if place.exists() else set()
        if found - OURS:
            raise MemberError(f"{place}: there is something else in it: {', '.join(sorted(found - OURS))}")

    def _issue(self, authority: Authority, member: Member) -> None:
        place = self.place(member)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority.issue(member, place)

    def _keep(self, members: dict[str, Member]) -> None:
        """The list, and the routers' copies of it."""
        write(self.path / LIST, members.values())
        for each in members.values():
            if each.role is Role.ROUTER and not each.revoked:
                place = self.place(each)
                place.mkdir(parents=True, exist_ok=True, mode=0o700)  # it may have been moved to its router
                shutil.copyfile(self.path / LIST, place / LIST)

    @contextmanager
    def _alone(self, *, make: bool = False) -> Iterator[None]:
        """Nobody else changes the folder meanwhile."""
        if make:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def _of(members: dict[str, Member], name: str) -> Member:
    member = members.get(name)
    if member is None:
        raise MemberError(f"nobody called {name!r} is enrolled; `fleet list` shows who is")
    if member.revoked:
        raise MemberError(f"{name!r} was revoked; `fleet enrol` takes it in again")
    return member


def _expires(now: datetime.datetime) -> datetime.date:
    return (now + datetime.timedelta(days=MEMBER_DAYS)).date()
