"""From any thread to a service's own: bounds, order, and waking whoever sleeps."""

import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from drivers.receipt import Receipt
from gateway import mailbox as mailbox_module
from gateway.encoding import event_body
from gateway.event_id import BEFORE_ALL
from gateway.mailbox import BIG, BIG_BYTES, CAPACITY, MAX_LOSERS, MAX_NAME, Mailbox, Noted
from tests.support.receipts import Kept
from tests.support.waiting import DEADLINE_S


def note(
    mailbox: Mailbox,
    sender: str = "temp",
    event: str = "#changed",
    data: Any = 1,
    receipt: Receipt | None = None,
) -> None:
    """An event of now, if there is room for it."""
    utc, at = time.time(), time.monotonic()
    if mailbox.admits(sender, event, utc, at, known=True):
        body = event_body(data, utc)
        mailbox.put(Noted(sender, event, body, utc, at, True, BEFORE_ALL.next(utc), receipt))


def rings(mailbox: Mailbox) -> bool:
    """Whether who sleeps on the descriptor would wake at once."""
    return bool(select.select([mailbox.fd], [], [], 0)[0])


def sizes(mailbox: Mailbox) -> dict[str, int]:
    return {sender: loss.count for sender, loss in mailbox.losses().items()}


def test_events_and_letters_come_in_order() -> None:
    """Each kind in its own; events so many at a time, letters all at once."""
    mailbox = Mailbox()
    for number in range(5):
        note(mailbox, data=number)
        assert mailbox.post(number)
    assert [noted.body.data for noted in mailbox.events(3)] == ["0", "1", "2"]
    assert mailbox.depth == 2
    assert [noted.body.data for noted in mailbox.events(3)] == ["3", "4"]
    assert mailbox.events(3) == []
    assert mailbox.letters() == [0, 1, 2, 3, 4]
    assert mailbox.letters() == []
    assert mailbox.losses() == {}


def test_more_than_it_holds() -> None:
    """The new one is dropped, and counted with its sender, from the first to the last; then it goes on."""
    mailbox = Mailbox()
    for _ in range(CAPACITY):
        note(mailbox)
    for _ in range(3):
        note(mailbox, "hum")
    note(mailbox)
    losses = mailbox.losses()
    assert {sender: loss.count for sender, loss in losses.items()} == {"hum": 3, "temp": 1}
    assert losses["hum"].first <= losses["hum"].last
    assert mailbox.losses() == {}
    mailbox.events(1)
    note(mailbox)
    assert mailbox.losses() == {}
    assert mailbox.depth == CAPACITY


def test_long_events_are_counted_apart() -> None:
    """So many characters of them wait; others still find room, and so do long ones once some are taken."""
    mailbox = Mailbox()
    long = "x" * (BIG_BYTES // 4 - 2)
    for _ in range(4):
        note(mailbox, data=long)
    note(mailbox, "one more", data="x" * BIG)
    note(mailbox, "short", data="x" * (BIG - 2))
    assert sizes(mailbox) == {"one more": 1}
    assert mailbox.depth == 5
    mailbox.events(1)
    note(mailbox, data=long)
    note(mailbox, "one more", data="x" * BIG)
    assert sizes(mailbox) == {"one more": 1}


def test_names_that_are_too_long(caplog: pytest.LogCaptureFixture) -> None:
    """No topic holds them: counted together, and told of once."""
    mailbox = Mailbox()
    for _ in range(2):
        note(mailbox, "x" * MAX_NAME, "e")
        assert sizes(mailbox) == {"": 1}
    note(mailbox, "x" * (MAX_NAME - 1), "e")
    assert mailbox.depth == 1
    (line,) = caplog.messages
    assert f"more than {MAX_NAME} characters together, or more than {MAX_LOSERS} senders" in line


def test_more_senders_than_are_counted_apart(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those beyond the thousandth are counted together, and told of; those known stay apart."""
    monkeypatch.setattr(mailbox_module, "CAPACITY", 0)
    mailbox = Mailbox()
    for number in range(MAX_LOSERS):
        note(mailbox, str(number))
    assert mailbox.losses().keys() == {str(number) for number in range(MAX_LOSERS)}
    assert caplog.messages == []
    for number in range(MAX_LOSERS + 5):
        note(mailbox, str(number))
    note(mailbox, "0")
    counts = sizes(mailbox)
    assert (counts[""], counts["0"], len(counts)) == (5, 2, MAX_LOSERS + 1)
    assert len(caplog.messages) == 1


def test_when_it_is_closed() -> None:
    """What is left comes back; nothing more is taken, and who posts learns that."""
    mailbox = Mailbox()
    mailbox.post("left")
    assert mailbox.close() == ["left"]
    assert not mailbox.post("late")
    note(mailbox)
    assert (mailbox.letters(), mailbox.depth) == ([], 0)


def test_waking() -> None:
    """Only who said that it is about to sleep is woken, once."""
    mailbox = Mailbox()
    mailbox.post(1)
    assert not rings(mailbox), "nobody sleeps"
    assert not mailbox.prepare_to_sleep(), "there is something to do"
    mailbox.letters()
    assert mailbox.prepare_to_sleep()
    assert not rings(mailbox)
    note(mailbox)
    assert rings(mailbox)
    mailbox.woken()
    note(mailbox)
    assert not rings(mailbox), "it is up already"
    mailbox.woken()
    assert not mailbox.prepare_to_sleep()
    note(mailbox)
    assert not rings(mailbox)
    mailbox.events(9)
    assert mailbox.prepare_to_sleep()
    mailbox.awake()
    mailbox.post(2)
    assert not rings(mailbox)


class Interrupted:
    """A mailbox that is about to sleep, and a post of another thread's just before one of its lines."""

    def __init__(self, post: Callable[[Mailbox], object], line: int) -> None:
        self._post = post
        self._line = line
        self.mailbox = Mailbox()
        self.lines = 0
        """How many it has had."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            self.sleeps = self.mailbox.prepare_to_sleep()
        finally:
            sys.settrace(before)

    def _trace(self, frame: FrameType, event: str, _more: Any) -> Any:
        if frame.f_code is not Mailbox.prepare_to_sleep.__code__:
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self._line:
                sys.settrace(None)
                self._post(self.mailbox)
                sys.settrace(self._trace)
        return self._trace


@pytest.mark.parametrize("post", [lambda mailbox: mailbox.post(1), note], ids=["letter", "event"])
def test_a_post_while_it_goes_to_sleep(post: Callable[[Mailbox], object]) -> None:
    """Between any two of its lines: either it does not sleep, or it is woken."""
    lines = Interrupted(post, 0).lines
    assert lines >= 3
    for line in range(1, lines + 1):
        found = Interrupted(post, line)
        assert not found.sleeps or rings(found.mailbox), f"a post before line {line} is lost"
        assert found.mailbox.depth + len(found.mailbox.letters()) == 1


def test_one_that_is_given_up_while_it_is_emptied() -> None:
    """Whoever empties it has what it has taken, and no error; each event is taken by one of the two."""
    mailbox, device = Mailbox(keeps=True), Kept()

    class Events(deque[Noted]):
        """Given up by another thread as soon as two of them are taken."""

        left = 2

        def popleft(self) -> Noted:
            self.left -= 1
            if self.left == -1:
                mailbox.give_up()
            return super().popleft()

    mailbox._events = Events()
    for seq in range(5):
        receipt = device.receipt(seq)
        note(mailbox, data=seq, receipt=receipt)
        receipt.release()
    assert [noted.body.data for noted in mailbox.events(5)] == ["0", "1"]
    assert (device.safe, device.lost, mailbox.depth) == ([], [2, 3, 4], 0)


def test_from_many_threads() -> None:
    """Nothing is lost, whoever posts, and the order of each is kept."""
    mailbox = Mailbox()
    seen: dict[str, list[str]] = {str(number): [] for number in range(4)}

    def work(name: str) -> None:
        for number in range(1000):
            note(mailbox, name, data=number)

    threads = [threading.Thread(target=work, args=(name,)) for name in seen]
    for thread in threads:
        thread.start()
    while sum(map(len, seen.values())) < 4000:
        if mailbox.prepare_to_sleep():
            assert select.select([mailbox.fd], [], [], DEADLINE_S)[0], "it was woken"
            mailbox.woken()
        mailbox.awake()
        for noted in mailbox.events(100):
            seen[noted.sender].append(noted.body.data)
    for thread in threads:
        thread.join()
    assert all(numbers == [str(number) for number in range(1000)] for numbers in seen.values())


def test_the_descriptor_goes_with_the_mailbox() -> None:
    """A listener may be called once more after its end, so not before."""
    mailbox = Mailbox()
    fd = mailbox.fd
    mailbox.close()
    os.fstat(fd)
    del mailbox
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
