"""Polling, for a source that has to be asked: a bus of slaves, the kernel's sensors.

Strategy: one thread owns what can be asked one thing at a time. It takes a live request, if one waits
(`drivers.live_requests.LiveRequests.take`); else the job whose moment has come (`Schedule.due`); else it
waits until the next (`Schedule.next_due`). No I/O here, no thread, and the time is passed in (seconds,
monotonic).

What fails costs time that the others need: a `Schedule` asks it ever more rarely, and never gives it more
than a share of the time, however long each failure takes and whether or not it works in between.
"""

import heapq
import itertools
import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

# All jobs that fail cost those that do not, together, at most so much of the time in the long run: 5 % are
# promised, and what comes first is on top.
SHARE = 0.04
# So many failures in a row of a job that went well before are taken for noise, and cost it nothing.
NOISE = 2
# What has failed for long is asked so often all the same, if the share allows: who plugs it in looks whether
# it comes. One slave that leaves 0.5 s unanswered takes 0.5 / 15 = 3.3 % of the time then.
SLOWEST_S = 15.0
# The golden section: multiples of it, without their whole part, lie well apart however many there are.
_SPREAD = (math.sqrt(5) - 1) / 2

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Job:
    """`due_s` is when it is asked next, infinity while it is being asked; then its rhythm goes on after
    `asked_for_s`. `debt_s` is the time that its failures have cost beyond its share, as of `owed_at_s`."""

    every_s: float
    first_s: float
    due_s: float
    owed_at_s: float
    asked_for_s: float = -math.inf
    failures: int = 0
    debt_s: float = 0.0
    worked: bool = False


class Schedule(Generic[K]):
    """Jobs by key, each every so many seconds. For one thread, but for `hasten`.

    A job keeps its own rhythm, counted from its first moment. Of moments that were missed only the last is
    made up for: that much, so that jobs that want more than the source can do leave it no pause, and have
    equal parts of it. The first moments are spread over the jobs' own spans; the first job's is at once.
    """

    def __init__(self) -> None:
        self._jobs: dict[K, _Job] = {}
        self._heap: list[tuple[float, int, K]] = []  # may have outdated entries, told by their time
        self._counted = itertools.count()
        self._hastened: set[K] = set()

    def add(self, key: K, every_s: float, now: float) -> None:
        """A new job, in place of one with the same key. Raises `ValueError` unless `every_s` is above 0."""
        if not 0 < every_s < math.inf:
            raise ValueError(f"expected seconds above 0, got {every_s!r}")
        first = now + every_s * (next(self._counted) * _SPREAD % 1)
        self._jobs[key] = _Job(every_s, first, first, now)
        self._plan(key, first)

    def remove(self, key: K) -> None:
        """The job is not asked any more; nothing happens if there is none."""
        self._jobs.pop(key, None)

    def due(self, now: float) -> K | None:
        """The job that waits longest since its moment came; None if none does. It is not due again before
        `succeeded` or `failed` says how it went."""
        self._hasten(now)
        while self._heap and self._heap[0][0] <= now:
            due_s, _, key = heapq.heappop(self._heap)
            job = self._jobs.get(key)
            if job is not None and job.due_s == due_s:
                job.due_s, job.asked_for_s = math.inf, due_s
                return key
        return None

    @property
    def next_due(self) -> float:
        """When `due` will have something; infinity while there is nothing to wait for."""
        if self._hastened:
            return -math.inf
        while self._heap:
            due_s, _, key = self._heap[0]
            job = self._jobs.get(key)
            if job is not None and job.due_s == due_s:
                return due_s
            heapq.heappop(self._heap)
        return math.inf

    def hasten(self, key: K) -> None:
        """Have the job asked as soon as may be, beside its rhythm. From any thread. One that fails is not
        asked more often for that."""
        self._hastened.add(key)

    def succeeded(self, key: K, now: float) -> None:
        """The job went well, in its turn or by a live request: back to its rhythm. Where all had failed, what
        they have in common works again: the others are asked at once."""
        job = self._jobs.get(key)
        if job is None:
            return
        if self._failing() == len(self._jobs):
            for other in self._jobs:
                self._plan(other, now)
        job.failures, job.worked = 0, True
        # What has come meanwhile is behind all others whose moments have come.
        self._plan(key, max(now, _next_moment(job, job.asked_for_s if job.due_s == math.inf else now)))

    def failed(self, key: K, now: float, cost_s: float = 0.0) -> None:
        """The job failed, after it had kept the source busy for `cost_s` in vain."""
        job = self._jobs.get(key)
        if job is None:
            return
        job.failures += 1
        pause = min(job.every_s * 2.0 ** min(job.failures - 1, 64), max(SLOWEST_S, job.every_s))
        self._plan(key, max(_next_moment(job, now + pause - job.every_s), self._owes(job, now, cost_s)))

    def charge(self, key: K, now: float, cost_s: float) -> None:
        """The job's doing kept the source busy for `cost_s` in vain, though it did not fail: it is asked more
        rarely if that takes more than its share."""
        job = self._jobs.get(key)
        if job is None:
            return
        free = self._owes(job, now, cost_s)
        if job.due_s < free:
            self._plan(key, free)

    def postpone(self, key: K, until_s: float) -> None:
        """The job that was due cannot be asked before then."""
        if key in self._jobs:
            self._plan(key, until_s)

    def failures(self, key: K) -> int:
        """How often the job has failed since it last went well."""
        job = self._jobs.get(key)
        return 0 if job is None else job.failures

    def _failing(self) -> int:
        return sum(job.failures > 0 for job in self._jobs.values())

    def _owes(self, job: _Job, now: float, cost_s: float) -> float:
        """From when on the job's share allows it to be asked again, now that it has cost so much."""
        failing = self._failing()
        # Where none works there is nobody to spare the time for.
        share = 1.0 if failing == len(self._jobs) else SHARE / max(1, failing)
        job.debt_s = max(0.0, job.debt_s - share * (now - job.owed_at_s)) + cost_s
        job.owed_at_s = now
        return now + (job.debt_s - (NOISE * cost_s if job.worked else 0.0)) / share

    def _plan(self, key: K, due_s: float) -> None:
        self._jobs[key].due_s = due_s
        heapq.heappush(self._heap, (due_s, next(self._counted), key))

    def _hasten(self, now: float) -> None:
        while self._hastened:
            key = self._hastened.pop()
            job = self._jobs.get(key)
            if job is not None and not job.failures and now < job.due_s < math.inf:
                self._plan(key, now)


def _next_moment(job: _Job, after_s: float) -> float:
    """The first moment of the job's rhythm after that; never that one itself, which rounding may yield."""
    turns = math.floor((after_s - job.first_s) / job.every_s) + 1
    moment = job.first_s + turns * job.every_s
    return moment if moment > after_s else moment + job.every_s
