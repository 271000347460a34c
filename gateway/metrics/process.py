"""What Prometheus wants to know of every process, by its usual names.

Source: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics; proc(5).
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gateway.samples import Family, counter, gauge

_SELF = Path("/proc/self")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def started_at() -> float | None:
    """When this process was started, by the time since the boot; None if /proc does not say."""
    with suppress(OSError, ValueError, IndexError):
        # The name, in parentheses, may have spaces and parentheses in it. 22nd: the start, in ticks.
        return int((_SELF / "stat").read_text().rpartition(")")[2].split()[19]) / _TICKS
    return None


def families(start: float | None) -> Iterator[Family]:
    """`start`: when it was started, UTC."""
    cpu_s = time.process_time()
    yield counter("process_cpu_seconds_total", "CPU time of the process, user and system.", cpu_s)
    with suppress(OSError, ValueError):
        size, resident, *_ = (_SELF / "statm").read_text().split()
        yield gauge("process_virtual_memory_bytes", "Virtual memory.", int(size) * _PAGE)
        yield gauge("process_resident_memory_bytes", "Resident memory.", int(resident) * _PAGE)
    with suppress(OSError):
        opened = len(os.listdir(_SELF / "fd")) - 1  # noqa: PTH208 - less that of the listing itself
        yield gauge("process_open_fds", "Open file descriptors.", opened)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield gauge("process_max_fds", "The most file descriptors that may be open.", most)
    yield gauge("process_start_time_seconds", "When the process was started.", start)
