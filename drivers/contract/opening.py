"""Opening and closing."""

import threading

from drivers.contract.base import Contract, needs
from drivers.contract.waiting import nothing_left
from drivers.errors import LinkLostError
from drivers.link import Link


class OpeningTests(Contract):
    """See the module."""

    def test_a_new_source_has_opened_nothing(self) -> None:
        """Closing it is harmless, once and twice."""
        with self._prepared() as rig:
            with nothing_left(within_s=0.0):
                source = rig.source()
            source.close()
            source.close()
            assert source.where, "`where` is empty: it is what a person calls the source"

    def test_it_opens_again_after_closing(self) -> None:
        """`end` and `close`, once or twice, leave nothing that keeps it from opening."""
        with self._prepared() as rig:
            source = rig.source()
            keeper = Link("contract", source=source)
            for _ in range(2):
                session = source.open(keeper)
                try:
                    devices = session.greet(threading.Event())
                    fits = any(device.any_channel or rig.channel in device.channels for device in devices)
                    assert fits, f"no device has the channel {rig.channel}: {devices}"
                    assert session.where, "`where` is empty: it is what was opened"
                finally:
                    session.end("closed by the test")
                    session.end("closed by the test")
                    source.close()
                    source.close()
                session.wake()

    def test_it_stops_when_it_is_told_to(self) -> None:
        """In the greeting with `LinkLostError`, in `run` by returning; `wake` makes it look."""
        with self._prepared() as rig:
            source = rig.source()
            session = source.open(Link("contract", source=source))
            stopping = threading.Event()
            try:
                session.greet(stopping)
                running = threading.Thread(target=session.run, args=(stopping,), name="contract-run")
                running.start()
                stopping.set()
                session.wake()
                running.join(self.closed_s)
                assert not running.is_alive(), f"`run` went on for {self.closed_s:g} s after `stopping`"
                try:
                    session.greet(stopping)
                except LinkLostError:
                    pass
                else:
                    raise AssertionError("`greet` did not raise LinkLostError though `stopping` is set")
            finally:
                stopping.set()
                session.end("closed by the test")
                source.close()

    @needs("unpluggable", "tells_presence")
    def test_presence_tells_one_device_from_the_next(self) -> None:
        """It stays as it is while nothing happens, is None without a device, and another for another."""
        with self._prepared() as rig:
            source = rig.source()
            session = source.open(Link("contract", source=source))
            try:
                first = source.presence()
                assert first is not None, "presence is None though the device is there"
                assert source.presence() == first, "presence changes by itself"
                rig.unplug()
                assert source.presence() is None, f"presence is {source.presence()!r} after an unplug"
                rig.plug()
                second = source.presence()
                assert second not in (None, first), (
                    f"presence was {first!r}, and is {second!r} after a replug"
                )
            finally:
                session.end("closed by the test")
                source.close()
