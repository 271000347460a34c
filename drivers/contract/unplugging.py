"""Unplugging, in each state."""

import threading

import sig
from drivers.contract.asking import NEVER_S, Asked, read
from drivers.contract.base import Contract, needs
from drivers.contract.between import Between
from drivers.contract.measuring import THREADS
from drivers.contract.waiting import running, until
from drivers.link import Link
from drivers.source import Measurement


class UnpluggingTests(Contract):
    """See the module."""

    @needs("unpluggable")
    def test_an_unplug_while_opening(self) -> None:
        """Noticed, and the link is up again with the device."""
        self._unplugged_before("open")

    @needs("unpluggable")
    def test_an_unplug_while_greeting(self) -> None:
        """Noticed, and the link is up again with the device."""
        self._unplugged_before("greet")

    @needs("unpluggable")
    def test_an_unplug_on_coming_up(self) -> None:
        """Noticed, and the link is up again with the device."""
        self._unplugged_before("run")

    @needs("unpluggable")
    def test_an_unplug_while_up(self) -> None:
        """Those who take its channels hear of it; with the device they are told, and measure again."""
        with self._prepared() as rig, self._linked(rig) as (link, taker, _):
            rig.unplug()
            self._down(link)
            until(lambda: taker.downs, self.noticed_s, "a sink's link_down", link)
            ups = taker.ups  # a device may be told of more than once
            rig.plug()
            self._up(link)
            until(lambda: taker.ups > ups, self.noticed_s, "a sink's link_up after the unplug", link)
            before = len(taker.measurements)
            rig.measure()
            taker.wait_for(before + 1, self.noticed_s)

    @needs("unpluggable")
    def test_a_quick_replug(self) -> None:
        """Out and in before anybody looks: the next values arrive all the same."""
        with self._prepared() as rig, self._linked(rig) as (link, taker, _):
            downs = taker.downs
            rig.unplug()
            rig.plug()
            # A device may be told of more than once, before its unplug is noticed too.
            until(lambda: taker.downs > downs, self.up_s, "a sink's link_down after the replug", link)
            until(lambda: taker.up, self.up_s, "a sink's link_up after the replug", link)
            self._up(link)
            before = len(taker.measurements)
            rig.measure()
            taker.wait_for(before + 1, self.noticed_s)

    @needs("unpluggable", "can_read")
    def test_an_unplug_while_requests_wait(self) -> None:
        """All of them fail with `sig.NotConnected`, long before their time is up."""
        with self._prepared() as rig, self._linked(rig) as (link, _, _):
            answered = [0] * THREADS
            ends: list[Asked] = []

            def ask(number: int) -> None:
                while isinstance((end := read(link, rig.channel, NEVER_S)).outcome, Measurement):
                    answered[number] += 1
                ends.append(end)

            jobs = [lambda number=number: ask(number) for number in range(THREADS)]
            what = "the waiting requests' end"
            with running(jobs, self.noticed_s + self.up_s, what, link):
                everybody = "an answer to each of the requests"
                until(lambda: all(answered) or ends, self.up_s, everybody, link, self._pump(rig.measure))
                assert not ends, f"a request failed before the unplug: {ends[0].outcome!r}"
                rig.unplug()
                until(lambda: len(ends) == THREADS, self.noticed_s, what, link)
            wrong = [end.outcome for end in ends if not isinstance(end.outcome, sig.NotConnected)]
            assert not wrong, f"sig.NotConnected was expected after an unplug, got {wrong}"
            rig.plug()
            self._up(link)

    def _unplugged_before(self, step: str) -> None:
        with self._prepared() as rig:
            unplugged = threading.Event()

            def unplug() -> None:
                if not unplugged.is_set():
                    rig.unplug()
                    unplugged.set()

            link = Link("contract", source=Between(rig.source(), {step: unplug}))
            with self._opened(link):
                assert unplugged.wait(self.up_s), f"the link did not come to {step}: {link.status()}"
                self._down(link)
                rig.plug()
                self._up(link)
