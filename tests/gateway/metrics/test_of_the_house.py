"""What links, sensors, dispatcher, clock and folder say of themselves, on a scripted board."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import sig
from drivers.dispatcher import Dispatcher
from gateway.config import load_usable
from gateway.data_folder import DataFolder
from gateway.dispatching import Dispatching
from gateway.kept_file import KeptFile
from gateway.links import Links
from gateway.metrics.collect import Metrics
from gateway.service import Service
from gateway.timekeeping import Timekeeping, open_clock
from gateway.written import by_this_thread
from tests.support.leaks import nothing_left
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

CONFIG = """\
links: {{b: {{port: {port}}}}}
sensors:
  temp: {{driver: temperature, link: b, show: F}}
  humm: {{driver: humidity, link: b}}
  broken: {{driver: nobody_has_it, link: b}}
"""


class Told:
    """What a scrape finds: names and labels, without the prefix, and values."""

    def __init__(self, metrics: Metrics, router: sig.Router, links: Links, folder: DataFolder) -> None:
        self.folder = folder
        self._metrics = metrics
        self.router = router
        self.links = links

    def __call__(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for line in self._metrics.text().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name.removeprefix("sig_gateway_")] = float(value)
        return found

    def becomes(self, name: str, value: float) -> None:
        """Waits until it is that."""
        until(lambda: self().get(name) == value, what=f"{name} is {value}: {self().get(name)}")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    with ScriptedBoard(tmp_path / "board") as board:
        yield board


@contextmanager
def running(folder: Path, port: Path) -> Iterator[Told]:
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(port=port))
    (folder / "data").mkdir()
    clock = open_clock(folder / "data")
    kept = DataFolder(folder / "data")
    router = sig.Router()
    with nothing_left(), Dispatcher(clock=clock) as dispatcher:
        links = Links(load_usable(path), dispatcher, kept, clock)
        links.attach(router)
        services: list[Service] = [links, Dispatching(dispatcher), Timekeeping(clock, dispatcher, kept)]
        try:
            yield Told(Metrics("test", clock, lambda: services), router, links, kept)
        finally:
            assert links.stop(10.0)


@pytest.fixture
def told(tmp_path: Path, board: ScriptedBoard) -> Iterator[Told]:
    """With a link that is up, and a value."""
    with running(tmp_path, board.link) as told:
        told.links.start()
        told.becomes('link_up{link="b"}', 1)
        until(lambda: told().get('readings_total{sender="temp"}', 0) > 0)
        yield told


def test_before_anything_was_heard(tmp_path: Path) -> None:
    """What is not known has no sample; what can be counted is 0."""
    with running(tmp_path, tmp_path / "none") as told:
        found = told()
        assert found['sender_connected{sender="temp"}'] == 0
        assert found['sender_stale{sender="temp"}'] == 0
        assert found['readings_total{sender="temp"}'] == 0
        assert found['link_up{link="b"}'] == 0
        assert found['link_reconnects_total{link="b"}'] == 0
        assert found['dropped_total{sender="temp",cause="links"}'] == 0
        assert not [name for name in found if name.startswith(("reading_value", "reading_timestamp"))]
        assert not [name for name in found if "link-b" in name], "a loop that was never started"
        told.links.start()
        until(lambda: 'loop_timestamp_seconds{loop="link-b"}' in told())


def test_a_sensor(told: Told) -> None:
    """In the unit that it shows."""
    found = told()
    assert found['sender_info{sender="temp",kind="temperature",unit="°F",link="b"}'] == 1
    assert found['reading_value{sender="temp",unit="°F"}'] == pytest.approx(70.7)
    assert found['sender_connected{sender="temp"}'] == 1
    assert 0 <= found["time_seconds"] - found['reading_timestamp_seconds{sender="temp"}'] < 60
    assert found['published_readings_total{sender="temp"}'] == 1
    assert found['sender_connected{sender="humm"}'] == 0
    assert found["left_out_parts"] == 1
    assert not [name for name in found if "$gateway" in name or "broken" in name]


def test_live_reads_and_how_long_they_took(told: Told) -> None:
    """Each is within a bucket; one of another link's is none of these; errors by type."""
    before = told()
    told.router.request("temp", "read")
    found = told()
    name = "request_duration_seconds"
    assert found[f'{name}_count{{link="b"}}'] == before[f'{name}_count{{link="b"}}'] + 1
    assert found[f'{name}_bucket{{link="b",le="+Inf"}}'] == found[f'{name}_count{{link="b"}}']
    assert found[f'{name}_sum{{link="b"}}'] > before[f'{name}_sum{{link="b"}}']
    assert found['live_reads_total{sender="temp"}'] == 1
    assert found['failed_live_reads_total{sender="temp"}'] == 0
    with pytest.raises(sig.RequestError):
        told.links.links["b"].request("no_such_verb")
    assert told()['request_errors_total{link="b",error="bad_params"}'] == 1


def test_what_is_no_good(told: Told, board: ScriptedBoard) -> None:
    """Damaged lines are counted by cause, and failed measurements with their sender."""
    board.say(b"$R temp 99 1000 1.0*00000000\n")
    told.becomes('link_errors_total{link="b",cause="damaged"}', 1)
    assert told()['link_errors_total{link="b",cause="malformed"}'] == 0
    assert told()['link_messages_total{link="b"}'] > 0


def test_counters_never_go_back(told: Told, board: ScriptedBoard) -> None:
    """Unplugged and plugged in again: what the first opening has counted stays."""
    board.say(b"$R temp 99 1000 1.0*00000000\n")
    told.becomes('link_errors_total{link="b",cause="damaged"}', 1)
    before = told()
    assert before['link_reconnects_total{link="b"}'] == 0
    board.unplug()
    told.becomes('link_up{link="b"}', 0)
    gone = told()
    assert gone['link_devices{link="b"}'] == 0
    told.becomes('sender_connected{sender="temp"}', 0)
    board.plug()
    told.becomes('link_reconnects_total{link="b"}', 1)
    told.becomes('link_up{link="b"}', 1)
    for found in (gone, told()):
        for name, value in before.items():
            if "_total" in name or "_bucket" in name or "_count" in name:
                assert found[name] >= value, name
    board.unplug()  # its thread is the test's


def test_a_refused_request_is_counted(told: Told, board: ScriptedBoard) -> None:
    """Where nobody is there it takes no time, and is in no bucket."""
    board.unplug()
    told.becomes('link_up{link="b"}', 0)
    before = told()['request_duration_seconds_count{link="b"}']
    with pytest.raises(sig.NotConnected):
        told.links.links["b"].request("read", "temp")
    found = told()
    assert found['request_errors_total{link="b",error="not_connected"}'] == 1
    assert found['request_duration_seconds_count{link="b"}'] == before


def test_loops(told: Told) -> None:
    """They go round while nothing happens, too."""
    for loop in ('loop_timestamp_seconds{loop="link-b"}', 'loop_timestamp_seconds{loop="dispatcher"}'):
        first = told()[loop]
        until(lambda loop=loop, first=first: told()[loop] > first)  # type: ignore[misc]


def test_a_folder_that_cannot_be_written(told: Told, tmp_path: Path) -> None:
    """As of the last look: a scrape looks at no disk."""
    told.folder.failed(OSError(28, "No space left on device"))
    assert told()["data_folder_writable"] == 0


def test_the_clock_and_the_folder(told: Told) -> None:
    """Both as they are."""
    found = told()
    assert found["clock_believed"] in (0, 1)
    assert found["clock_synchronised"] in (0, 1)
    assert found["data_folder_writable"] == 1
    assert found["dispatcher_queue_max_events"] == 10_000
    assert found["dispatcher_dropped_readings_total"] == 0


def test_bytes_that_are_written(tmp_path: Path) -> None:
    """Small files: by who writes them, in whole pages; nothing for what is read."""
    folder = DataFolder(tmp_path)
    before = by_this_thread()
    if before is None:
        assert not Path("/proc/thread-self/io").exists()
        return
    file = KeptFile(tmp_path / "x.json", version=1, max_bytes=9999, forgotten="", unwritten="", folder=folder)
    assert folder.written.total == 0
    assert file.write({"a": 1})
    after = by_this_thread()
    assert after is not None
    assert folder.written.total == after - before
    file.read(lambda _: None)
    assert folder.written.total == after - before
