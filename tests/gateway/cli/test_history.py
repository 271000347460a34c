"""`history` as it is typed: with a gateway, and without one."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import App
from gateway.cli import main
from gateway.cli.unwritten import items
from gateway.config import load
from gateway.history.rows import Item, Mark
from tests.support.leaks import nothing_left
from tests.support.past import NOON, configure, reading, remember
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

MINUTE, HOUR = 60_000, 3_600_000
SPAN = ["--since", "2026-11-27T12:00:00Z", "--until", "2026-11-27T14:00:00Z"]
PAST: list[Item] = [
    *(reading("temp", NOON + number * 10 * MINUTE, 20 + number / 4) for number in range(6)),
    Mark("temp", NOON + 55 * MINUTE, "stale: nothing heard"),
    *(reading("temp", NOON + HOUR + number * 10 * MINUTE, 23 - number / 4) for number in range(3)),
    Mark("temp", NOON + HOUR + 25 * MINUTE, "link board: \x1b[2J"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With a history of `temp`, in a zone of its own; nothing is left running in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    configure(tmp_path)
    remember(tmp_path, PAST)
    with nothing_left():
        yield tmp_path
    monkeypatch.undo()
    time.tzset()


def environment(**more: str) -> dict[str, str]:
    """For a process of its own."""
    root = Path(__file__).parents[3]
    return os.environ | {"PYTHONPATH": f"{root}:{root / 'firmware-sim'}"} | more


def command(*arguments: str) -> list[str]:
    """In a process of its own."""
    return [sys.executable, "-m", "gateway", "history", *arguments]


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Local time; gaps have rows, in words; nothing in it steers a terminal."""
    assert main(["history", "temp", *SPAN]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "time                 value    min    max   mean  count",
        "2026-11-27 13:00  20.00 °C  20.00  20.00  20.00      1",
        "2026-11-27 13:10  20.25 °C  20.25  20.25  20.25      1",
        "2026-11-27 13:20  20.50 °C  20.50  20.50  20.50      1",
        "2026-11-27 13:30  20.75 °C  20.75  20.75  20.75      1",
        "2026-11-27 13:40  21.00 °C  21.00  21.00  21.00      1",
        "2026-11-27 13:50  21.25 °C  21.25  21.25  21.25      1",
        "2026-11-27 13:55         -                              no value for 5 min: stale: nothing heard",
        "2026-11-27 14:00  23.00 °C  23.00  23.00  23.00      1",
        "2026-11-27 14:10  22.75 °C  22.75  22.75  22.75      1",
        "2026-11-27 14:20  22.50 °C  22.50  22.50  22.50      1",
        r"2026-11-27 14:25         -                              no value since: link board: \x1b[2J",
    ]


def test_fewer_points(capsys: pytest.CaptureFixture[str]) -> None:
    """Keep the least and the greatest value, and say of how many readings."""
    assert main(["history", "temp", *SPAN, "--points", "2"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1] == ["2026-11-27", "13:00", "21.25", "°C", "20.00", "21.25", "20.57", "6"]


def test_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    """As the HTTP API answers."""
    assert main(["history", "temp", *SPAN, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {name: found[name] for name in ("sender", "unit", "since", "until", "first")} == {
        "sender": "temp",
        "unit": "°C",
        "since": "2026-11-27T12:00:00.000Z",
        "until": "2026-11-27T14:00:00.000Z",
        "first": "2026-11-27T12:00:00.000Z",
    }
    point = {"value": 20.0, "min": 20.0, "max": 20.0, "mean": 20.0, "count": 1}
    assert found["points"][0] == {"time": "2026-11-27T12:00:00.000Z", **point}
    assert found["gaps"][1] == {
        "from": "2026-11-27T13:25:00.000Z",
        "to": None,
        "reason": "link board: \x1b[2J",
    }
    assert main(["history", "temp", *SPAN, "--format", "csv"]) == 0
    head, first, *rest = capsys.readouterr().out.splitlines()
    assert head == "time,value,min,max,mean,count"
    assert first == "2026-11-27T12:00:00.000Z,20.0,20.0,20.0,20.0,1"
    assert len(rest) == 8


def test_a_chart(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As large as the terminal is, but for the prompt, and without colours where it is none."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "20")
    assert main(["history", "temp", *SPAN, "--plot"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 18
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("temp   last 22.50 °C   min 20.00  max 23.00")
    assert lines[-3].split() == ["13:00", "13:30", "14:00", "14:30", "15:00"]
    assert lines[-2] == "╌ 27 Nov 13:55 to 14:00 (5 min): stale: nothing heard"
    assert lines[-1].startswith("╌ since 27 Nov 14:25 (")
    assert lines[-1].endswith(r"link board: \x1b[2J")
    assert any("⠉" in line or "⠤" in line for line in lines[1:-5])


@pytest.mark.parametrize(
    ("since", "left"),
    [
        ("2025-11-27T14:00:00Z", "27 Nov 13:00"),  # a year, of which the history has two hours
        ("2026-11-27T11:46:00Z", "27 Nov 13:00"),
        ("2026-11-27T11:54:00Z", "27 Nov 12:54"),  # little is empty
    ],
)
def test_a_chart_begins_with_the_history(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, since: str, left: str
) -> None:
    """Before that it would be empty, and what is known a stroke at its end; JSON is of the time as asked."""
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["history", "temp", "--since", since, *SPAN[2:], "--plot"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"   {left} to 27 Nov 15:00" in lines[0]
    assert sum("⠤" in line or "⠒" in line or "⣀" in line for line in lines) > 3
    assert main(["history", "temp", "--since", since, *SPAN[2:], "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["since"] == since.replace("Z", ".000Z")


@pytest.mark.parametrize(
    ("variables", "line", "axis"),
    [
        ({"PYTHONIOENCODING": "utf-8"}, "⣀", "└"),
        ({"PYTHONIOENCODING": "utf-8", "TERM": "dumb"}, "⣀", "└"),
        ({"PYTHONIOENCODING": "utf-8", "TERM": "linux"}, "▄", "└"),
        ({"PYTHONIOENCODING": "ascii"}, "*", "+"),
        ({"PYTHONIOENCODING": "latin-1"}, "*", "+"),
    ],
)
def test_a_chart_of_what_can_be_said(variables: dict[str, str], line: str, axis: str) -> None:
    """By the encoding, and the console's font."""
    done = subprocess.run(
        command("temp", *SPAN, "--plot"), env=environment(**variables), capture_output=True, timeout=60
    )
    text = done.stdout.decode(variables["PYTHONIOENCODING"])
    assert (done.returncode, done.stderr) == (0, b"")
    assert line in text
    assert axis in text
    assert "\x1b" not in text
    assert "\\u" not in text
    assert ("degC" if axis == "+" else "°C") in text


@pytest.mark.parametrize(("term", "coloured"), [("xterm-256color", True), ("dumb", False)])
def test_a_chart_on_a_terminal(term: str, coloured: bool) -> None:
    """Has colours where the terminal has, and the same characters."""
    master, slave = pty.openpty()
    unset = {
        name: value for name, value in environment(TERM=term).items() if name not in ("NO_COLOR", "COLORTERM")
    }
    size = {"COLUMNS": "70", "LINES": "18", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(command("temp", *SPAN, "--plot"), env=unset | size, stdout=slave) as process:
        os.close(slave)
        heard = b""
        while select.select([master], [], [], 60)[0]:
            try:
                heard += os.read(master, 65536)
            except OSError:  # the last one has closed it
                break
        assert process.wait(60) == 0
    os.close(master)
    text = heard.decode()
    assert ("\x1b[1;36m" in text) is coloured
    bare = re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()
    assert len(bare) == 16
    assert max(map(len, bare)) <= 70
    assert r"\x1b[2J" in bare[-1]


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a table the least important columns go first; what is said of a gap is cut."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    for columns, headers in (("80", 6), ("74", 5), ("66", 4), ("40", 2)):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["history", "temp", *SPAN]) == 0
        lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
        assert len(lines[0].split()) == headers
        assert max(map(len, lines)) <= int(columns)
        assert len(lines) == 12


def test_a_clock_that_is_put_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Between two such times each has its offset."""
    night = 1_792_886_400_000  # 2026-10-25T00:00:00Z
    remember(tmp_path, [reading("attic", night + number * HOUR // 2, 20) for number in range(4)])
    span = ["--since", "2026-10-25T00:00:00Z", "--until", "2026-10-25T03:00:00Z"]
    assert main(["history", "attic", *span]) == 0
    times = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[1:5]]
    assert times == [
        "2026-10-25 02:00+0200",
        "2026-10-25 02:30+0200",
        "2026-10-25 02:00+0100",
        "2026-10-25 02:30+0100",
    ]


def test_nothing_in_that_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Is said, and since when there is something; what programs read is empty."""
    early = ["--since", "2026-11-20T12:00:00Z", "--until", "2026-11-21T12:00:00Z"]
    for more in ([], ["--plot"]):
        assert main(["history", "temp", *early, *more]) == 0
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err == (
            "nothing is known of temp in that time; its history begins 2026-11-27 13:00:00\n"
        )
    assert main(["history", "temp", *early, "--format", "csv"]) == 0
    assert capsys.readouterr().out == "time,value,min,max,mean,count\n"
    late = ["--since", "2026-11-27T14:00:00Z", "--until", "2026-11-27T15:00:00Z"]
    assert main(["history", "temp", *late]) == 0
    assert capsys.readouterr().err.endswith(" to now: link board: \\x1b[2J\n")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["tmep"], 1, "there is no history of 'tmep'; did you mean temp? there is one of: temp"),
        (["x"], 1, "error: there is no history of 'x'; there is one of: temp"),
        (["temp", "--since", "soon"], 2, "--since: expected a time such as 2026-11-22T06:30:00Z, or a span"),
        (["temp", "--until", "2026-11-27"], 2, "--until: expected a time such as"),
        (["temp", "--since", "1h", "--until", "2h"], 2, "--since: expected a time before --until, got '1h'"),
        (["temp", "--since", SPAN[1], "--until", SPAN[1]], 2, "--since: expected a time before --until"),
        (["temp", "--plot", "--format", "csv"], 2, "--plot draws"),
        (["temp", "--plot", "--points", "5"], 2, "--plot draws"),
        (["temp", "--points", "0"], 2, "--points"),
        (["temp", "--format", "xml"], 2, "--format"),
        (["temp", "-c", "none.yaml"], 2, "no such file"),
    ],
)
def test_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str) -> None:
    """Who is not there, what makes no sense; with words."""
    assert main(["history", *arguments]) == status
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


def test_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Says what to do: write the section, mend it, run the gateway. A file that is there is read."""
    path = tmp_path / "config.yaml"
    text = path.read_text()
    path.write_text(text.partition("history:")[0])
    assert main(["history", "temp", *SPAN]) == 0
    (tmp_path / "data" / "history.db").unlink()
    assert main(["history", "temp"]) == 1
    assert (
        capsys.readouterr().err == "error: this gateway keeps no history; write in config.yaml: history: {}\n"
    )
    path.write_text(text)
    assert main(["history", "temp"]) == 1
    assert "the gateway begins one when it runs: sig-gateway run" in capsys.readouterr().err
    path.write_text(text.replace("40000d,", "forever,"))
    assert main(["history", "temp"]) == 1
    assert (
        "there is no history: the section is left out: config.yaml:3: history.keep" in capsys.readouterr().err
    )


def test_a_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is told in one line."""
    (tmp_path / "data" / "history.db").write_bytes(b"no database, but words" * 100)
    assert main(["history", "temp"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: the history cannot be read: {tmp_path}/data/history.db: ")
    assert line.endswith("a gateway that starts keeps what can be read of a damaged one: sig-gateway run")


def test_a_closed_pipe() -> None:
    """`| head -1` has what it wanted."""
    with subprocess.Popen(
        command("temp", *SPAN, "--plot"), env=environment(), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0


def board_config(folder: Path, port: Path, name: str = "greenhouse") -> Path:
    """A gateway that keeps all for five minutes before it writes it."""
    configure(folder)
    path = folder / "config.yaml"
    path.write_text(
        f"gateway: {{name: {name}}}\nrouter: {{listen: 'unix:{folder}/s'}}\n"
        f"links: {{board: {{port: {port}}}}}\n"
        "sensors: {temp: {driver: temperature, link: board, delta: 0}}\nhistory: {window: 5min}\n"
    )
    return path


def test_with_a_gateway_that_has_not_written_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its newest readings are there, in its own folder's history alone; where it cannot be asked, that is
    said."""
    with ScriptedBoard(tmp_path / "port") as board:
        app = App(load(board_config(tmp_path, board.link)))
        app.start()
        try:
            until(app.router.getSender("temp").isConnected)  # type: ignore[union-attr]

            def shown(value: str, *more: str, but: str = "") -> bool:
                board.report("temp", value)
                assert main(["history", "temp", "--since", "1h", *more]) == 0
                told = capsys.readouterr()
                assert re.fullmatch(but, told.err, re.DOTALL), told.err
                return f"{value} °C" in told.out

            until(lambda: shown("33.5", but=".*"))  # which is not opened yet at first
            # what came first may be on disk by now; what comes now is not
            until(lambda: shown("35.25", "--connect", f"unix:{tmp_path}/s"))
            last = r"\(the last 300 s, history.window\)"
            may_miss = f"what the gateway has not written yet {last} may be missing: "
            none = f"{may_miss}no gateway answers at unix:{tmp_path}/other: .*\n"
            assert not shown("35.25", "--connect", f"unix:{tmp_path}/other", but=none)
            board_config(tmp_path, board.link, "another")
            other = f"{may_miss}at unix:{tmp_path}/s is another gateway, 'greenhouse'\n"
            assert not shown("35.25", but=other)
        finally:
            assert app.stop()
    assert not shown_after_the_end(capsys).err


def shown_after_the_end(capsys: pytest.CaptureFixture[str]) -> Any:
    """Nothing is missing then, so nothing is said."""
    assert main(["history", "temp", "--since", "1h"]) == 0
    return capsys.readouterr()


def test_what_a_gateway_answers() -> None:
    """Readings and marks in the order in which they were; what is no such answer is nothing."""
    found = items({"rows": [[5, 20, 0], [9, 21.5, 1]], "marks": [[7, "stale"]]}, "temp", "K")
    first, mark, second = found
    assert first == reading("temp", 5, 20.0, "K")._replace(seq=0)
    assert mark == Mark("temp", 7, "stale")
    assert second.time == 9  # type: ignore[union-attr]
    assert second.quality == 1  # type: ignore[union-attr]
    odd: Any
    for odd in (None, [], {}, {"rows": [[1]], "marks": []}, {"rows": [], "marks": [["x", "y"]]}, {"rows": 5}):
        assert items(odd, "temp", "K") == ()
