"""The Arduino library as a program on Linux: by itself against the protocol, and with the gateway."""

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.line import decode, encode
from tests.e2e.conftest import ROOT, Gateway

FOLDER = ROOT / "firmware-sim" / "firmware" / "arduino"
HELLO = [
    r"H {id} 1 example-board 00000001 7 1\.0 2 \d+ 100",
    r"C {id} 0 temp temperature C 0\.01 -40 85 1000",
    r"C {id} 1 hum humidity % 0\.01 0 100 1000",
]
CONFIG = """\
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{port: ./port}}
sensors:
  temp: {{driver: temperature, link: board, interval: 200ms}}
  humidity: {{driver: humidity, link: board, channel: hum}}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The board, compiled."""
    if shutil.which("cc") is None or shutil.which("make") is None:
        pytest.skip("no C compiler or no make; on Debian and Raspberry Pi OS: sudo apt install gcc make")
    folder = tmp_path_factory.mktemp("board")
    command = ["make", "-s", "-C", str(FOLDER), "linux", f"BUILD={folder}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return folder / "board"


@pytest.fixture
def ask(program: Path) -> Iterator[Callable[..., list[str]]]:
    """Sends bytes to a board of boot 7 and returns the next lines' bodies, its own readings left out."""
    with subprocess.Popen([program, "-b7"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as board:
        assert board.stdin is not None
        assert board.stdout is not None
        to_board, from_board = board.stdin, board.stdout

        def ask_it(data: bytes, lines: int = 1) -> list[str]:
            to_board.write(data)
            to_board.flush()
            bodies: list[str] = []
            while len(bodies) < lines:
                body = decode(from_board.readline().removesuffix(b"\n"))
                assert body is not None
                bodies += [] if body.startswith("R ") else [body]
            return bodies

        yield ask_it


def matches(bodies: list[str], patterns: list[str], request_id: int) -> bool:
    """Whether each line is as its pattern says."""
    pairs = zip(bodies, patterns, strict=True)
    return all(re.fullmatch(pattern.format(id=request_id), body) for body, pattern in pairs)


def test_hello(ask: Any) -> None:
    """When it starts, and when asked, then with the request's id and the interval that is in force."""
    assert matches(ask(b"", 3), HELLO, 0)
    assert matches(ask(encode("Q 65535 hello"), 3), HELLO, 65535)
    assert ask(encode("Q 1 interval hum 90000")) == ["A 1 hum 90000"]
    assert ask(encode("Q 2 hello"), 3)[2].endswith(" 90000")


@pytest.mark.parametrize(
    ("request_body", "answer"),
    [
        ("Q 5 ping", r"A 5 7 \d+ \d+"),
        ("Q 5 read temp", r"A 5 temp \d+ \d+ 2\d\.\d\d"),
        ("Q 5 read hum and what a later version says", r"A 5 hum \d+ \d+ 40\.\d\d"),
        ("Q 5 interval temp 0", "A 5 temp 0"),
        ("Q 5 interval temp 1", "A 5 temp 100"),
        ("Q 5 interval temp 9007199254740991", "A 5 temp 86400000"),
        ("Q 5 interval temp", "E 5 bad_argument .+"),
        ("Q 5 interval temp 1.5", "E 5 bad_argument .+"),
        ("Q 5 interval temp 010", "E 5 bad_argument .+"),
        ("Q 5 read", "E 5 bad_argument .+"),
        ("Q 5 read lux", "E 5 unknown_channel lux"),
        ("Q 5 dance", "E 5 unknown_verb dance"),
        ("Q 5 " + "x" * 144, "E 5 unknown_verb x+"),
    ],
)
def test_answers(ask: Any, request_body: str, answer: str) -> None:
    """One to each request, with its id."""
    ask(b"", 3)
    (body,) = ask(encode(request_body))
    assert re.fullmatch(answer, body)


def test_what_is_damaged_is_dropped(ask: Any) -> None:
    """Without a word, and the next line is understood: garbage before it, CR LF, a lost LF, one too long."""
    ask(b"", 3)
    good = encode("Q 9 ping")
    for before in (b"\xff\x00$", b"$" * 400, b"$" + b"x" * 400 + b"\n", b"\n\r\n*\n$*00000000\n", good[:-1]):
        assert ask(before + good)[0].startswith("A 9 ")
    for wrong in (good.lower(), encode("Q 0 ping"), encode("Q 65536 ping"), encode("Q"), encode("Z 1 ping")):
        assert ask(wrong + encode("Q 8 ping"))[0].startswith("A 8 ")
    assert ask(good[:-1] + b"\r\n")[0].startswith("A 9 ")


@contextlib.contextmanager
def running(program: Path, terminal: int, boot: int) -> Iterator[None]:
    """The board at that end of a pty; its power goes when the block ends."""
    with subprocess.Popen([program, f"-b{boot}"], stdin=terminal, stdout=terminal) as board:
        try:
            yield
        finally:
            board.kill()


def test_with_the_gateway(program: Path, start: Callable[..., Gateway], tmp_path: Path) -> None:
    """Hello, the interval that the config wants, values, a live read; and all of it again after a restart."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    (tmp_path / "port").symlink_to(os.ttyname(theirs))
    try:
        with running(program, ours, 7):
            gateway = start(CONFIG)
            gateway.wait_for_error("board: up on ")
            assert "example-board 00000001, firmware 1.0, channels temp, hum" in gateway.errors
            check(gateway)
        with running(program, ours, 8):
            gateway.wait_for_error("example-board 00000001 restarted, boot 8")
            check(gateway)
        stats = json.loads(gateway.cli("request", "temp", "stats").stdout)
        assert {stats["link"][name] for name in ("damaged", "malformed", "skipped", "lost")} == {0}
    finally:
        os.close(ours)
        os.close(theirs)


def check(gateway: Gateway) -> None:
    """Both sensors' values come, a live one too, and the interval is the one wanted."""
    with gateway.watch("#changed") as watch:
        for sensor in ("temp", "humidity"):
            watch.json_until(lambda event, sensor=sensor: event["sender"] == sensor)  # type: ignore[misc]
    reading = json.loads(gateway.cli("read", "temp").stdout)
    assert (reading["unit"], reading["quality"]) == ("°C", "good")
    assert json.loads(gateway.cli("request", "temp", "info").stdout)["channel"]["interval"] == 0.2
