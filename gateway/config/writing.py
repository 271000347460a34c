"""Adding links and sensors to a config file: whole or not at all, and every byte that was there stays.

The text is made by `insertion`; here it is judged before it takes the file's place: what is read from it must
be what was there and what was added, nothing else, and the config loader must have no error. See
docs/decisions/0009-writing-config.md.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gateway.config.document import Document, parse
from gateway.config.insertion import CannotInsertError, inserted
from gateway.config.loading import load
from gateway.config.problems import ConfigError
from gateway.config.secrets import Secrets

BACKUP = ".bak"
"""Ends the name of the copy of what was there before; `.bak.1` and so on that of a later one."""

MAX_BACKUPS = 10
"""From then on, a new copy takes the newest one's place: what was there at first stays for ever."""

Additions = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By section (`links`, `sensors`) and name, what to write there; a name that is taken is an error."""


_OTHERWISE = "the result would not say what was there and what is added"


class CannotWriteError(Exception):
    """The file is as it was; the text says why, and what to do."""


def add_to_config(path: Path, additions: Additions, environ: Mapping[str, str] | None = None) -> Path | None:
    """Write `additions` into the config at `path`, which is created where there is none.

    What was there before is kept beside it, with `.bak` behind its name, or `.bak.1` to `.bak.9` where there
    is such a file already; returns its path, None where nothing was there. A symbolic link stays one.
    `environ` is for tests. Raises `CannotWriteError`.
    """
    environ = os.environ if environ is None else environ
    path = Path(os.path.realpath(path))
    before = _read(path)
    if before is not None:
        _refuse_errors(path, environ)
    text = before or b""
    try:
        new = with_additions(text.decode(), additions, Secrets(path.parent, environ)).encode()
    except (UnicodeDecodeError, CannotInsertError) as error:
        raise CannotWriteError(
            f"nothing can safely be put into {path}: {error}; paste the lines yourself"
        ) from None
    try:
        return _replace(path, before, new, environ)
    except OSError as error:
        raise CannotWriteError(
            f"{path}, or a new file in its folder, cannot be written: {error.strerror}"
        ) from None


def with_additions(text: str, additions: Additions, secrets: Secrets) -> str:
    """`text` with the additions. Raises `CannotInsertError`, also when the result would say anything else."""
    before = parse(text, "", secrets)
    wanted = _merged(before.tree, additions)
    new = text
    try:
        for section, entries in additions.items():
            if entries:
                new = inserted(new, (section,), entries)
    except yaml.YAMLError:  # by the first section's lines
        raise CannotInsertError(_OTHERWISE) from None
    after = parse(new, "", secrets)
    if after.tree != wanted or len(after.problems) != len(before.problems) or not _all_kept(before, after):
        raise CannotInsertError(_OTHERWISE)
    return new


def _merged(tree: Any, additions: Additions) -> dict[str, Any]:
    """What is to be read from the result."""
    merged = dict(tree) if isinstance(tree, dict) else {}
    for section, entries in additions.items():
        there = merged.get(section)
        there = there if isinstance(there, dict) else {}
        taken = sorted(entries.keys() & there.keys())
        if taken:
            raise CannotInsertError(f"{section} has {', '.join(taken)} already")
        if entries:
            merged[section] = there | {name: dict(entry) for name, entry in entries.items()}
    return merged


def _all_kept(before: Document, after: Document) -> bool:
    """Whether what YAML reads as numbers is written as it was, and every secret is one still."""
    return before.secrets <= after.secrets and before.written.items() <= after.written.items()


def _read(path: Path) -> bytes | None:
    """What is there; None where nothing is."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise CannotWriteError(f"{path} is not a regular file")
            # Another file could take its place all the same, which nobody who has it so would want.
            if not mode & 0o222:
                raise CannotWriteError(f"{path} is read-only; `chmod u+w` it, or paste the lines yourself")
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotWriteError(f"{path} cannot be read: {error.strerror}") from None


def _refuse_errors(path: Path, environ: Mapping[str, str]) -> None:
    try:
        load(path, environ=environ)
    except ConfigError as error:
        raise CannotWriteError(
            f"{error.problems[0]}; `sig-gateway check` shows every error, mend them first"
        ) from None


def _replace(path: Path, before: bytes | None, new: bytes, environ: Mapping[str, str]) -> Path | None:
    """Have `new` at `path`, checked, and what was there beside it: its path is returned.

    Raises `CannotWriteError`, OSError.
    """
    with contextlib.ExitStack() as owned:
        fresh = _beside(path, new, owned)
        try:
            load(fresh, environ=environ)
        except ConfigError as error:
            problem = str(error.problems[0]).replace(str(fresh), str(path))
            raise CannotWriteError(f"the result would have an error: {problem}; nothing is written") from None
        if _read(path) != before:
            raise CannotWriteError(f"{path} was changed by another program just now; try again")
        backup = None
        if before is not None:
            backup = _free_backup(path)
            _beside(path, before, owned).replace(backup)
        fresh.replace(path)
        _sync(path.parent)
        return backup


def _free_backup(path: Path) -> Path:
    names = [Path(f"{path}{BACKUP}{f'.{number}' if number else ''}") for number in range(MAX_BACKUPS)]
    return next((name for name in names if not os.path.lexists(name)), names[-1])


def _beside(path: Path, content: bytes, owned: contextlib.ExitStack) -> Path:
    """A file in the same folder, with the same rights and owner as that at `path`; removed at the end, if it
    is still there.

    Its name is by chance: one that a power cut left there must not be in the way of the next.
    """
    name = path.parent / f".{path.name}.{os.urandom(4).hex()}"
    there = path.stat() if path.exists() else None
    # What others may not read of the config, they may not read of the copy at any moment.
    number = os.open(
        name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if there is None else 0o600
    )
    owned.callback(lambda: name.unlink(missing_ok=True))
    with os.fdopen(number, "wb") as file:
        if there is not None:
            with contextlib.suppress(PermissionError):
                os.fchown(number, there.st_uid, there.st_gid)
            os.fchmod(number, stat.S_IMODE(there.st_mode))
        file.write(content)
        file.flush()
        os.fsync(number)
    return name


def _sync(folder: Path) -> None:
    """Have the names on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
