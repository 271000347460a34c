"""`fleet enrol`, `list`, `renew`, `revoke`: who is in a fleet."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from gateway.cli import fleet_telling as telling
from gateway.fleet.hub import days_left, ending
from gateway.fleet.members import LIST, Member, MemberError
from gateway.fleet.session import INSTALL

NO_CRYPTOGRAPHY = (
    f"certificates are made with cryptography, which is not installed: {INSTALL}; on "
    "32-bit ARM, for which it has no wheel: pip install cryptography, or enrol on another machine"
)


def enrol(path: Path, name: str, *, again: bool, **wanted: object) -> int:
    """Make a key and a certificate, and say what to do with them: 0; 1 if it cannot be."""

    def work() -> Iterable[str]:
        from gateway.fleet.enrol import Folder, Wanted

        folder = Folder(path)
        first = not (path / "ca.pem").exists()
        member = folder.enrol(Wanted(name, **wanted), _now(), again=again)  # type: ignore[arg-type]  # as typed
        if first:
            yield from telling.of_authority(path)
        yield from telling.of_enrolled(member, folder.place(member), path, _there(folder.members()))

    return _done(path, work)


def renew(path: Path, name: str) -> int:
    """Make another certificate with the same rights: 0; 1 if it cannot be."""

    def work() -> Iterable[str]:
        from gateway.fleet.enrol import Folder

        folder = Folder(path)
        member = folder.renew(name, _now())
        yield from telling.of_renewed(member, folder.place(member))

    return _done(path, work)


def revoke(path: Path, name: str) -> int:
    """Take the rights away, at the routers' next start: 0; 1 if it cannot be."""

    def work() -> Iterable[str]:
        from gateway.fleet.enrol import Folder

        folder = Folder(path)
        member = folder.revoke(name)
        yield from telling.of_revoked(member, path, _there(folder.members()))

    return _done(path, work)


def list_members(path: Path, *, as_json: bool) -> int:
    """Who is enrolled: 0; 1 if a certificate has ended."""
    from gateway.fleet.members import read

    try:
        members = list(read(path / LIST).values())
    except (OSError, MemberError) as error:
        return _failed(path, error)
    now = _now()
    if as_json:
        print(json.dumps([telling.as_object(each, now) for each in members], ensure_ascii=False, indent=1))
    else:
        for line in telling.table(members):
            print(line)
        for line in ending(members, now):
            print(f"warning: {line}", file=sys.stderr)
    return int(any(days_left(each, now) < 0 and not each.revoked for each in members))


def _done(path: Path, work: Callable[[], Iterable[str]]) -> int:
    """Print what it says; 1 with the error if it fails."""
    try:
        from gateway.fleet.authority import AuthorityError
    except ImportError:
        print(f"error: {NO_CRYPTOGRAPHY}", file=sys.stderr)
        return 1
    try:
        lines = list(work())
    except (MemberError, AuthorityError, OSError) as error:
        return _failed(path, error)
    for line in lines:
        print(line)
    return 0


def _failed(path: Path, error: Exception) -> int:
    """`path`: where the fleet's folder was looked for."""
    text = str(error)
    if isinstance(error, FileNotFoundError) and not (path / LIST).exists():
        text = f"{path}: no fleet is there; say where the folder is that `fleet enrol` made: --dir DIR"
    elif isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror}"
    print(f"error: {text}", file=sys.stderr)
    return 1


def _there(members: dict[str, Member]) -> list[Member]:
    return [each for each in members.values() if not each.revoked]


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
