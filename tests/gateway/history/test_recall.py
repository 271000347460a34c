"""What history answers: what is on disk, and what is not yet."""

import json
from typing import Any

import pytest

import sig
from drivers.reading import format_ms
from gateway.event_id import EventId
from gateway.history import recall as recall_module
from gateway.history.recall import Recall
from gateway.history.recorder import Status
from gateway.history.rows import Batch, Item, Kept, Mark, Reading, Untimed
from gateway.storage.schema import StoreError
from tests.gateway.history.doubles import MemoryArchive, MemoryStore


class Waiting:
    """A recorder that holds what a test says."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.lost_until = EventId(-1, 0)
        self.status = Status(opened=True, written_until=None, waiting=0, lost=0, problem=None)

        self.flushes = True

    def unwritten(self) -> list[Item]:
        """See `Recorder`."""
        return list(self.items)

    def flush(self, within_s: float) -> bool:
        """See `Recorder`."""
        assert within_s == recall_module.FLUSH_S
        if self.flushes:
            self.items = []
            self.status = self.status._replace(written_until=1_795_329_000_500)
        return self.flushes


class Scene:
    """Both halves, and who asks them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.archive = MemoryArchive(self.store)
        self.recorder = Waiting()
        self.recall = Recall(self.archive, self.recorder)

    def since(self, ms: int, limit: int = 100) -> list[int] | None:
        """The ids of what came after that one."""
        found = self.recall.since(EventId(ms, 0), limit)
        return None if found is None else [event.id.ms for event in found]


@pytest.fixture
def scene() -> Scene:
    """Events 1 to 3 are on disk, 3 to 5 wait: 3 has just been written."""
    made = Scene()
    made.store.write(Batch([kept(1), Mark("temp", 2, "x"), reading(2), reading(3)], 9))
    made.recorder.items = [reading(3), Mark("temp", 4, "x"), kept(4), Untimed("b", 1, 2, kept(5))]
    return made


def reading(number: int, sender: str = "temp") -> Reading:
    """One of many."""
    return Reading(sender, "°C", 1000 + number, 20.0 + number, 0, None, number, EventId(number, 0))


def kept(number: int) -> Kept:
    """One that is none."""
    return Kept(EventId(number, 0), "temp", "hot", "null")


def test_events_since(scene: Scene) -> None:
    """Those on disk and those that wait, each once, in order."""
    assert scene.since(0) == [1, 2, 3, 4, 5]
    assert scene.since(2) == [3, 4, 5]
    assert scene.since(3) == [4, 5]
    assert scene.since(4) == [5]
    assert scene.since(5) == []
    assert scene.since(0, 4) == [1, 2, 3, 4]
    assert scene.since(0, 2) == [1, 2]


def test_readings_are_events_again(scene: Scene) -> None:
    """As they were published."""
    found = scene.recall.since(EventId(1, 0), 1)
    assert found is not None
    assert (found[0].sender, found[0].event) == ("temp", "#changed")
    assert json.loads(found[0].data)["value"] == 22.0


def test_what_the_disk_does_not_reach_back_to(scene: Scene) -> None:
    """Is not known, unless memory reaches back to it."""
    scene.archive.reaches_back = False
    assert scene.since(1) is None
    assert scene.since(3) == [4, 5]
    scene.recorder.items = []
    assert scene.since(3) is None


def test_what_was_lost(scene: Scene) -> None:
    """Nobody is told that it never was."""
    scene.recorder.lost_until = EventId(3, 0)
    assert scene.since(2) is None
    assert scene.since(3) == [4, 5]


def test_points(scene: Scene) -> None:
    """The disk is asked with what waits of that sender."""
    scene.recorder.items.append(reading(6, "hum"))
    assert scene.recall.points("temp", 1, 2, 3) is not None
    scene.recall.points("hum", 4, 5, 6)
    assert scene.archive.asked == [
        ("temp", 1, 2, 3, scene.recorder.items[:4]),
        ("hum", 4, 5, 6, [reading(6, "hum")]),
    ]


def test_the_request(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits of a sender, but for what has no time yet; the newest of very much."""
    scene.recorder.items += [reading(7), reading(8, "hum"), Untimed("b", 1, 2, reading(9))]
    expected = {"written_until": None, "rows": [[1003, 23.0, 0], [1007, 27.0, 0]], "marks": [[4, "x"]]}
    assert scene.recall.unwritten({"sender": "temp"}) == expected
    scene.recorder.status = scene.recorder.status._replace(written_until=1_795_329_000_500)
    found = scene.recall.unwritten({"sender": "nobody"})
    assert found == {"written_until": format_ms(1_795_329_000_500), "rows": [], "marks": []}
    monkeypatch.setattr(recall_module, "MOST_ROWS", 1)
    monkeypatch.setattr(recall_module, "MOST_MARKS", 1)
    scene.recorder.items.append(Mark("temp", 10, "y"))
    found = scene.recall.unwritten({"sender": "temp"})
    assert (found["rows"], found["marks"]) == ([[1007, 27.0, 0]], [[10, "y"]])


def test_a_request_to_write(scene: Scene) -> None:
    """Is answered when all is on disk, with when that was; or with why it is not."""
    assert scene.recall.unwritten({"write": True}) == {"written_until": format_ms(1_795_329_000_500)}
    assert scene.recorder.items == []
    scene.recorder.flushes = False
    with pytest.raises(sig.RemoteError, match=r"^history cannot be written now: it takes longer than 5 s$"):
        scene.recall.unwritten({"write": True})
    scene.recorder.status = scene.recorder.status._replace(problem="the disk is full")
    with pytest.raises(sig.RemoteError, match=r"^history cannot be written now: the disk is full$"):
        scene.recall.unwritten({"write": True})


def test_points_are_asked_for(scene: Scene) -> None:
    """From afar, as HTTP answers them."""
    params = {"sender": "temp", "since": 1000, "until": 9000, "points": 10}
    found = scene.recall.unwritten(params)
    assert found == {
        "sender": "temp",
        "unit": "°C",
        "since": format_ms(1000),
        "until": format_ms(9000),
        "first": None,
        "points": [],
        "gaps": [],
    }
    assert scene.archive.asked == [("temp", 1000, 9000, 10, scene.recorder.items)]
    for name, value in (("sender", 5), ("since", "1"), ("since", 9000), ("points", 0), ("points", 5001)):
        with pytest.raises(sig.BadParams, match="since before until"):
            scene.recall.unwritten({**params, name: value})


def test_points_of_nobody_or_of_a_file_that_cannot_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are errors of a request."""
    params = {"sender": "temp", "since": 1000, "until": 9000, "points": 10}
    monkeypatch.setattr(scene.archive, "points", lambda *_: None)
    with pytest.raises(sig.UnknownSender, match="no history of 'temp'"):
        scene.recall.unwritten(params)

    def fail(*_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(scene.archive, "points", fail)
    with pytest.raises(sig.RemoteError, match="the disk is gone"):
        scene.recall.unwritten(params)


@pytest.mark.parametrize(
    "params",
    [None, {}, {"sender": 5}, {"sender": "temp", "since": 1}, "temp", [], {"write": False}, {"write": "x"}],
)
def test_what_is_asked_wrongly(scene: Scene, params: Any) -> None:
    """Is told what to write."""
    with pytest.raises(
        sig.BadParams, match=r'history: expected {"sender": NAME}, {"write": true} or .*, got '
    ):
        scene.recall.unwritten(params)
