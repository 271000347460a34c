"""Measuring and asking."""

from functools import partial

import sig
from drivers.clock import boottime
from drivers.contract.asking import NEVER_S, Asked, asked, read
from drivers.contract.base import Contract, needs
from drivers.contract.waiting import ended, running, until
from drivers.link import LinkState
from drivers.source import Measurement

THREADS = 16
REQUESTS = 5
# The time-out of a read that is to end by it.
SHORT_S = 0.2


class MeasuringTests(Contract):
    """See the module."""

    def test_measurements_arrive(self) -> None:
        """At those who take the channel, in order but for those that the device had kept, and not in the
        future."""
        with self._prepared() as rig, self._linked(rig) as (_, taker, _):
            for count in (1, 2, 3):
                rig.measure()
                taker.wait_for(count, self.noticed_s)
            seen = [each.measured for each in taker.measurements if not each.late]
            assert seen == sorted(seen), f"not in the order of measurement: {seen}"
            assert max(seen) <= boottime(), "measured in the future"

    def test_a_listener_may_ask_back(self) -> None:
        """A read from inside the callback is answered, or fails; it does not wait for itself."""
        with self._prepared() as rig, self._linked(rig) as (link, taker, _):
            reads: list[Asked] = []
            taker.then = lambda: reads.append(read(link, rig.channel, NEVER_S))
            rig.measure()
            what = "the answer to a read from inside a callback"
            until(lambda: reads, self.noticed_s, what, link, self._pump(rig.measure))
            self._check(rig.channel, reads, "a read from inside a callback")

    def test_requests_from_many_threads(self) -> None:
        """Each ends with its answer, or one of `sig`'s errors."""
        with self._prepared() as rig, self._linked(rig) as (link, _, _):
            reads: list[Asked] = []

            def ask() -> None:
                reads.extend(read(link, rig.channel, self.up_s) for _ in range(REQUESTS))

            ended_s, pump = 2 * self.up_s, self._pump(rig.measure)
            with running([ask] * THREADS, ended_s, "all requests' end", link, pump):
                pass
            assert len(reads) == THREADS * REQUESTS, f"{len(reads)} requests of {THREADS * REQUESTS} ended"
            self._check(rig.channel, reads, "a read")
            assert link.status().waiting == 0, f"{link.status().waiting} requests are said to wait still"

    def test_what_cannot_be_asked_is_refused(self) -> None:
        """A verb and a channel that there are not: an error of `sig`'s, soon, and the link stays up. Where a
        read waits for the next value, a channel may come that was never seen: then in its time."""
        channel_s = SHORT_S if self.waits else NEVER_S
        wrong = (("no-such-verb", (), NEVER_S), ("read", ("no-such-channel",), channel_s))
        with self._prepared() as rig, self._linked(rig) as (link, _, _):
            for verb, args, timeout_s in wrong:
                request = partial(link.request, verb, *args, timeout_s=timeout_s)
                outcome = ended(
                    partial(asked, request), self.noticed_s, f"an answer to {verb!r}", link
                ).outcome
                assert isinstance(outcome, sig.RequestError), (
                    f"{verb}: a sig error was expected, got {outcome!r}"
                )
            assert link.status().state is LinkState.UP, link.status()

    @needs("waits")
    def test_a_read_that_waits_ends_in_its_time(self) -> None:
        """With a value, or with `sig.RequestTimeout`; and the next one is answered."""
        with self._prepared() as rig, self._linked(rig) as (link, _, _):
            early, outcome = read(link, rig.channel, SHORT_S)
            assert boottime() - early <= SHORT_S + self.noticed_s, "it ended long after its time"
            assert isinstance(outcome, Measurement | sig.RequestTimeout), (
                f"a value or sig.RequestTimeout was expected, got {outcome!r}"
            )
            ask = partial(read, link, rig.channel, self.up_s)
            self._check(
                rig.channel, [ended(ask, self.up_s, "a read's end", link, rig.measure)], "a second read"
            )
