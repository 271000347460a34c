"""The check of the disks that are written to: room, read-only, inodes. Asks the kernel, and writes
nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gateway.config import Config
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.member.service import FILE as FLEET

CHECK = "disk"
LITTLE, VERY_LITTLE = 200 * 10**6, 20 * 10**6
"""Bytes: a day of logs and updates, and what the databases need to end well."""
FEW_INODES = 1000
_ROOM = (
    "make room: sudo apt clean; sudo journalctl --vacuum-size=50M; `sudo du -xh / | sort -h | tail` shows "
    "what takes it"
)


class Disk(NamedTuple):
    """A file system, as statvfs(3) tells it. Sizes in bytes; `inodes`: free ones, None where it has none."""

    path: Path
    free: int
    size: int
    inodes: int | None
    read_only: bool


def disk(patient: Patient) -> Iterator[Finding]:
    """Each file system once."""
    if patient.config is None:
        return
    seen: set[int] = set()
    for place in _places(patient.config):
        try:
            there = existing(place)
            device = there.stat().st_dev
            if device in seen:
                continue
            seen.add(device)
            found = look(there)
        except OSError as error:
            text = f"{place} cannot be looked at: {error.strerror}"
            yield Finding(
                CHECK, Level.RED, text, f"ls -ld {place}; is a network's folder gone? mount | grep {place}"
            )
            continue
        yield judge(found, _wanted(patient.config) if place == patient.config.data else 0)


def _places(config: Config) -> Iterator[Path]:
    yield config.data
    if config.log.file is not None:
        yield config.beside(config.log.file).parent


def existing(path: Path) -> Path:
    """It, or the nearest folder above it that is there and may be looked at. Raises OSError."""
    while path != path.parent:
        with suppress(PermissionError):
            if path.exists():
                break
        path = path.parent
    return path


def look(path: Path) -> Disk:
    """The file system at `path`. Raises OSError."""
    found = os.statvfs(path)
    return Disk(
        path,
        free=found.f_bavail * found.f_frsize,
        size=found.f_blocks * found.f_frsize,
        inodes=found.f_favail if found.f_files else None,
        read_only=bool(found.f_flag & os.ST_RDONLY),
    )


def _wanted(config: Config) -> int:
    """What the files in the data folder may still grow by, as the config bounds them."""
    bounds = {}
    if config.history is not None:
        bounds["history.db"] = config.history.size
    if config.mqtt is not None:
        bounds["mqtt.db"] = config.mqtt.outbox_mb * 10**6
    if config.fleet is not None and config.fleet.consumers:
        bounds[FLEET] = config.fleet.size
    sizes = {name: _size(config.data / name) for name in bounds}
    return sum(max(0, bounds[name] - size) for name, size in sizes.items() if size is not None)


def _size(path: Path) -> int | None:
    """None where we may not look: then nothing is said of it."""
    try:
        return path.stat().st_size
    except PermissionError:
        return None
    except OSError:
        return 0


def judge(found: Disk, wanted: int = 0) -> Finding:
    """One line, for the worst of it. `wanted`: what the gateway may still write there."""
    at = f"the file system of {found.path}"
    if found.read_only:
        remedy = (
            "see why: sudo dmesg | grep -iE 'mmc|ext4|I/O error'; then: sudo mount -o remount,rw / ; an SD "
            "card that does this again is worn out: copy it to a new one"
        )
        return Finding(CHECK, Level.RED, f"{at} is read-only: nothing can be kept", remedy)
    if found.free < VERY_LITTLE:
        return Finding(
            CHECK, Level.RED, f"{at} is full: {_shown(found.free)} of {_shown(found.size)} left", _ROOM
        )
    if found.inodes is not None and found.inodes == 0:
        text = f"{at} takes no more files (no inodes left), though {_shown(found.free)} are free"
        return Finding(CHECK, Level.RED, text, "remove small files; `df -i` shows where they are used up")
    if found.free < LITTLE:
        return Finding(CHECK, Level.YELLOW, f"{at} has only {_shown(found.free)} left", _ROOM)
    if found.inodes is not None and found.inodes < FEW_INODES:
        text = f"{at} takes only {found.inodes} more files (inodes)"
        return Finding(CHECK, Level.YELLOW, text, "remove small files; `df -i` shows where they are used up")
    if found.free < wanted:
        text = f"{at} has {_shown(found.free)} left, and the databases may take {_shown(wanted)} more"
        remedy = "make room, or write a smaller history.size, mqtt.outbox_mb and fleet.size"
        return Finding(CHECK, Level.YELLOW, text, remedy)
    return Finding(CHECK, Level.GREEN, f"{at}: {_shown(found.free)} of {_shown(found.size)} free")


def _shown(size: float) -> str:
    """`512 kB`, `1.2 GB`."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
