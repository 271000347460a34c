"""Whose rights count: those of the user that the service runs as, or of whoever asks."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

NOBODY_AT_ALL = 2**32 - 1
"""Owns nothing: to chown(2) it means `as it is`."""


class Person(NamedTuple):
    """A user as the kernel sees its processes. `caller`: it is whoever asks, with the rights of this very
    process."""

    name: str
    uid: int
    gids: frozenset[int]
    caller: bool = False

    def may(self, path: Path, want: int) -> bool:
        """Whether it may do `want` (os.R_OK, os.W_OK, os.X_OK) with what is at `path`, which is followed.

        Of another user it is known by the mode, which says nothing of access control lists and of disks that
        are read-only. Raises OSError where we may not even look.
        """
        if self.caller:
            return os.access(path, want, effective_ids=os.access in os.supports_effective_ids)
        if self.uid == 0:
            return True
        real = path.resolve()
        above = all(_has(self, parent.stat(), os.X_OK) for parent in real.parents)
        return above and _has(self, real.stat(), want)


def _has(person: Person, status: os.stat_result, want: int) -> bool:
    shift = 6 if status.st_uid == person.uid else 3 if status.st_gid in person.gids else 0
    return (stat.S_IMODE(status.st_mode) >> shift) & want == want


def caller() -> Person:
    """Whoever asks."""
    uid = os.geteuid()
    return Person(user_name(uid), uid, frozenset({*os.getgroups(), os.getegid()}), caller=True)


def named(user: str, groups: Iterable[str] = ()) -> Person | None:
    """A user as a service runs, with these groups too; None if there is no such user."""
    try:
        entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except (KeyError, ValueError, OverflowError):
        return None
    gids = {*os.getgrouplist(entry.pw_name, entry.pw_gid), *filter(None, map(group_id, groups))}
    if entry.pw_uid == os.geteuid() and gids <= {*os.getgroups(), os.getegid()}:
        return caller()
    return Person(entry.pw_name, entry.pw_uid, frozenset(gids))


def made_up(user: str, groups: Iterable[str] = ()) -> Person:
    """One that systemd makes up at a start (`DynamicUser`), and that is in no list: nothing is its own."""
    return Person(user, NOBODY_AT_ALL, frozenset(filter(None, map(group_id, groups))))


def user_name(uid: int) -> str:
    """By number; the number where it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """The same of a group."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def group_id(name: str) -> int | None:
    """None if there is no such group."""
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def is_listed(person: Person, gid: int) -> bool:
    """Whether the person is in that group by the system's lists, which hold from the next login on."""
    try:
        entry = pwd.getpwuid(person.uid)
        return gid in os.getgrouplist(entry.pw_name, entry.pw_gid)
    except KeyError:
        return False
