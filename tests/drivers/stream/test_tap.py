"""Taps and recorders, with times that are passed in; and a transport's, on a pty."""

import os
import pty
import threading
import tty
from pathlib import Path

import pytest

from drivers.stream import tap as taps
from drivers.stream.tap import MOST_BYTES, MOST_PIECES, NOTE, READ, WRITTEN, Piece, Recorder, Tap
from drivers.stream.transport import open_transport
from tests.support.waiting import until


def test_who_listens_hears_and_who_has_left_does_not() -> None:
    """Several may listen; leaving twice is as good as once."""
    tap = Tap()
    heard: list[tuple[str, float, str, bytes]] = []

    def first(at: float, way: str, data: bytes) -> None:
        heard.append(("first", at, way, data))

    def second(at: float, way: str, data: bytes) -> None:
        heard.append(("second", at, way, data))

    tap.add(first)
    tap.add(second)
    tap.told(1.0, READ, b"a")
    tap.remove(first)
    tap.remove(first)
    tap.told(2.0, WRITTEN, b"b")
    tap.remove(second)
    tap.told(3.0, READ, b"c")
    assert heard == [("first", 1.0, READ, b"a"), ("second", 1.0, READ, b"a"), ("second", 2.0, WRITTEN, b"b")]
    assert tap.listeners == ()


def test_what_goes_by_is_taken_once() -> None:
    """In order."""
    tap = Tap()
    recorder = Recorder(tap, 0.0)
    tap.told(1.0, READ, b"ab")
    tap.told(2.0, WRITTEN, b"c")
    assert recorder.take(3.0) == [Piece(1.0, READ, b"ab"), Piece(2.0, WRITTEN, b"c")]
    assert recorder.take(4.0) == []


def test_a_request_comes_before_its_answer() -> None:
    """Also where it was told of later: the writer may have lost the processor in between."""
    tap = Tap()
    recorder = Recorder(tap, 0.0)
    tap.told(1.0, READ, b"before")
    tap.told(2.5, READ, b"the answer")
    tap.told(2.6, READ, b"more")
    tap.told(2.0, WRITTEN, b"the request")
    assert [piece.data for piece in recorder.take(3.0)] == [b"before", b"the request", b"the answer", b"more"]


def test_what_has_no_room_is_counted_and_noted_where_it_is_missing() -> None:
    """Between what was before it and what is after it; and at the end, when nothing follows."""
    tap = Tap()
    recorder = Recorder(tap, 0.0)
    tap.told(1.0, READ, bytes(MOST_BYTES - 1))
    tap.told(1.5, READ, b"x")
    tap.told(2.0, READ, b"ab")
    tap.told(2.5, WRITTEN, b"c")
    kept = recorder.take(3.0)
    assert [(piece.at, piece.way, len(piece.data)) for piece in kept[:2]] == [
        (1.0, READ, MOST_BYTES - 1),
        (1.5, READ, 1),
    ]
    assert kept[2] == Piece(2.0, NOTE, b"3 bytes left out: they were not fetched in time")
    tap.told(4.0, READ, b"again")
    assert recorder.take(5.0) == [Piece(4.0, READ, b"again")]


def test_a_gap_stands_before_what_follows_it() -> None:
    """Pieces after a flood that has just been taken from are kept again."""
    tap = Tap()
    recorder = Recorder(tap, 0.0)
    for number in range(MOST_PIECES + 3):
        tap.told(1.0 + number / 1000, READ, b"x")
    kept = recorder.take(6.0)
    assert len(kept) == MOST_PIECES
    assert kept[-1].data == b"4 bytes left out: they were not fetched in time"
    assert kept[-1].at == pytest.approx(1.0 + (MOST_PIECES - 1) / 1000)


def test_a_recording_that_nobody_takes_from_ends() -> None:
    """With the next bytes after the time; what is taken in time keeps it going."""
    tap = Tap()
    recorder = Recorder(tap, 0.0)
    recorder.take(5.0)
    tap.told(5.0 + taps.FORGOTTEN_S, READ, b"still")
    assert tap.listeners
    tap.told(5.1 + taps.FORGOTTEN_S, READ, b"too late")
    assert recorder.stopped
    assert tap.listeners == ()
    assert [piece.data for piece in recorder.take(20.0)] == [b"still"]


def test_many_threads_lose_nothing() -> None:
    """Bytes told of from several threads while another takes."""
    tap = Tap()
    recorder = Recorder(tap, 0.0)
    taken: list[Piece] = []

    def tell(way: str) -> None:
        for number in range(500):
            tap.told(1.0, way, b"%03d" % number)

    threads = [threading.Thread(target=tell, args=(way,)) for way in (READ, WRITTEN)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += recorder.take(1.0)
    for thread in threads:
        thread.join()
    taken += recorder.take(1.0)
    for way in (READ, WRITTEN):
        assert [piece.data for piece in taken if piece.way == way] == [b"%03d" % n for n in range(500)]


@pytest.mark.usefixtures("no_leaks")
@pytest.mark.parametrize("spy", [False, True])
def test_a_transport_tells_what_it_reads_and_writes(tmp_path: Path, spy: bool) -> None:
    """Of all its ways, and when it was opened and closed; nothing while nobody listens."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    tap = Tap()
    heard: list[tuple[str, bytes]] = []

    def listen(_at: float, way: str, data: bytes) -> None:
        heard.append((way, data))

    device = f"spy://{name}?file={tmp_path}/spied" if spy else name
    with open_transport(device, tap=tap) as port:
        os.write(master, b"unheard")
        until(lambda: port.read(0.1))
        tap.add(listen)
        os.write(master, b"heard")
        until(lambda: port.read(0.1))
        port.write(b"said")
        assert port.write_at_once(b"at once") is not spy
        port.close("enough")
    with open_transport(device, tap=tap):
        tap.remove(listen)
    at_once = [] if spy else [(WRITTEN, b"at once")]
    assert heard == [
        (READ, b"heard"),
        (WRITTEN, b"said"),
        *at_once,
        (NOTE, b"port closed: enough"),
        (NOTE, b"port opened"),
    ]
    os.close(master)
    os.close(slave)
