"""Several devices behind one source: each comes and goes by itself."""

from functools import partial

import sig
from drivers.contract.asking import NEVER_S, Asked, Taker, read
from drivers.contract.base import Contract, needs
from drivers.contract.rig import RigOfSeveral
from drivers.contract.waiting import ended, running, until
from drivers.link import Link, LinkState
from drivers.source import Measurement


class SeveralDevicesTests(Contract):
    """See the module."""

    @needs("several")
    def test_each_channel_is_of_one_device(self) -> None:
        """`device_of` says which, before anything is opened; the link knows them by that name."""
        with self._prepared() as rig:
            source = rig.source()
            names = {source.device_of(rig.channel), source.device_of(rig.other)}
            source.close()
            assert len(names) == 2, f"both channels are of the device {names}"
            with self._linked(rig, rig.other) as (link, _, _):
                there = set(link.status().devices)
                assert names <= there, f"the devices {names} were expected, the link has {there}"

    @needs("several")
    def test_each_measures(self) -> None:
        """Each one's values come to those who take its channel, and to nobody else."""
        with self._prepared() as rig, self._linked(rig, rig.other) as (_, taker, (other,)):
            first = len(taker.measurements), len(other.measurements)
            rig.measure()
            taker.wait_for(first[0] + 1, self.noticed_s)
            rig.measure_other()
            other.wait_for(first[1] + 1, self.noticed_s)
            for each in (taker, other):
                wrong = [value for value in each.measurements if value.channel != each.channel]
                assert not wrong, f"who takes {each.channel} got {wrong}"

    @needs("several")
    def test_one_goes_and_comes_again(self) -> None:
        """Those who take its channels hear of it, those of the other device do not, and measure on."""
        with self._prepared() as rig, self._linked(rig, rig.other) as (link, taker, (other,)):
            self._lose(rig, link, other)
            assert link.status().state is LinkState.UP, f"the other device is there still: {link.status()}"
            for _ in range(3):
                before = len(taker.measurements)
                rig.measure()
                taker.wait_for(before + 1, self.noticed_s)
            ups = other.ups  # a device may be told of more than once
            rig.return_other()
            until(lambda: other.ups > ups, self.gone_s, f"link_up again at a sink of {rig.other}", link)
            before = len(other.measurements)
            rig.measure_other()
            other.wait_for(before + 1, self.noticed_s)
            assert taker.downs == 0, f"a sink of {rig.channel} was told that its device is gone"

    @needs("several", "can_read")
    def test_a_read_of_one_that_is_gone(self) -> None:
        """It fails at once with `sig.NotConnected`; the other device answers, and so does this one when it is
        there again."""
        with self._prepared() as rig, self._linked(rig, rig.other) as (link, _, (other,)):
            self._lose(rig, link, other)
            for _ in range(3):
                _, outcome = read(link, rig.other, NEVER_S)
                assert isinstance(outcome, sig.NotConnected), (
                    f"sig.NotConnected was expected, got {outcome!r}"
                )
                self._answers(link, rig.channel, rig)
            ups = other.ups
            rig.return_other()
            until(lambda: other.ups > ups, self.gone_s, f"link_up again at a sink of {rig.other}", link)
            self._answers(link, rig.other, rig)

    @needs("several", "can_read")
    def test_reads_while_one_goes(self) -> None:
        """Those of the device that goes end, with an error of `sig`'s, long before their time is up."""
        with self._prepared() as rig, self._linked(rig, rig.other) as (link, _, (other,)):
            ends: list[Asked] = []

            def ask() -> None:
                while isinstance((end := read(link, rig.other, NEVER_S)).outcome, Measurement):
                    pass
                ends.append(end)

            with running([ask], 2 * self.gone_s, f"the end of the reads of {rig.other}", link):
                self._lose(rig, link, other)
            outcome = ends[0].outcome
            allowed = (sig.NotConnected, sig.RequestTimeout)
            assert isinstance(outcome, allowed), (
                f"NotConnected or RequestTimeout was expected, got {outcome!r}"
            )
            self._answers(link, rig.channel, rig)

    def _lose(self, rig: RigOfSeveral, link: Link, other: Taker) -> None:
        downs, devices = other.downs, len(link.status().devices)
        rig.lose_other()
        until(lambda: other.downs > downs, self.gone_s, f"link_down at a sink of {rig.other}", link)
        there = set(link.status().devices)
        assert len(there) == devices - 1, f"one of {devices} devices is gone, and the link has {there}"

    def _answers(self, link: Link, channel: str, rig: RigOfSeveral) -> None:
        """A read of the channel is answered."""
        measure = rig.measure if channel == rig.channel else rig.measure_other
        what = f"the answer to a read of {channel}"
        ask = partial(read, link, channel, self.up_s)
        answer = ended(ask, self.up_s + self.noticed_s, what, link, self._pump(measure))
        self._check(channel, [answer], f"a read of {channel}")
