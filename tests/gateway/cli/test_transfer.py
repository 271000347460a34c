"""`export` and `import` as they are typed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import App
from gateway.cli import main
from gateway.config import load
from gateway.data_folder import DataFolder
from gateway.event_id import EventId
from gateway.history.rows import Item, Kept, Mark
from tests.gateway.cli.test_history import board_config
from tests.support.leaks import nothing_left
from tests.support.past import NOON, configure, reading, remember
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

PAST: list[Item] = [
    reading("temp", NOON, 20.5),
    reading("hum", NOON, 50, "%"),
    Mark("temp", NOON + 60_000, "stale"),
    reading("temp", NOON + 120_000, 21, reason="beyond"),
    Kept(EventId(NOON, 7), "temp", "hot", '{"value":27}'),
]
GOOD = (
    '{"kind":"reading","time":"2026-11-27T12:00:00.000Z","sender":"a","value":1.0,"unit":"","quality":"good"}'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With a history; nothing is left running in it."""
    monkeypatch.chdir(tmp_path)
    configure(tmp_path)
    remember(tmp_path, PAST)
    with nothing_left():
        yield tmp_path


def command(*arguments: str) -> list[str]:
    """In a process of its own."""
    return [sys.executable, "-m", "gateway", *arguments]


def environment() -> dict[str, str]:
    """For one, without the measuring of coverage, whose files would be of no size that a test knows."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return bare | {"PYTHONPATH": str(Path(__file__).parents[3])}


def elsewhere(folder: Path) -> str:
    """The config of another gateway, which has no history yet."""
    return str(configure(folder / "other"))


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl", "ALL.NDJSON", "all.json"])
def test_out_and_in(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All there is, into another folder, and out of it again; nothing else is left."""
    other = elsewhere(tmp_path)
    assert main(["export", name]) == 0
    assert capsys.readouterr().err == "exported 3 readings, 1 gap and 1 event of 2 senders\n"
    assert main(["import", name, "-c", other]) == 0
    assert capsys.readouterr().out == f"imported from {name}: 3 readings, 1 gap and 1 event of 2 senders\n"
    assert main(["export", f"again-{name}", "-c", other]) == 0
    text = Path(name).read_text()
    assert Path(f"again-{name}").read_text() == text
    assert text.startswith("kind,time,sender" if name.endswith(".csv") else '{"kind":"reading",')
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["config.yaml", "data", "other", name, f"again-{name}"]
    )


def test_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    """JSON lines, unless it is said; a part of it."""
    assert main(["export", "-"]) == 0
    assert capfd.readouterr().out.count('{"kind":') == 5
    assert main(["export", "-", "--format", "csv", "--sender", "hum", "--since", "2026-11-27T12:00:00Z"]) == 0
    shown = capfd.readouterr()
    assert shown.out.splitlines()[1:] == ["reading,2026-11-27T12:00:00.000Z,hum,50.0,%,good,,,,,,,,,,"]
    assert shown.err == "exported 1 reading, 0 gaps and 0 events of 1 sender\n"


def test_what_is_there_is_replaced_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where an export that was killed has left something."""
    Path("all.csv").write_text("old")
    Path("all.csv.new").write_text("half")
    assert main(["export", "all.csv"]) == 0
    assert Path("all.csv").read_text().startswith("kind,")
    assert not Path("all.csv.new").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    """Leaves what was there, and no half. (A limit on files does what a disk would.)"""
    remember(tmp_path, [reading("temp", NOON + number * 1000, 20) for number in range(3000)])
    Path("all.csv").write_text("old")
    limited = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *command("export", "all.csv")]
    done = subprocess.run(limited, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "error: all.csv cannot be written: File too large; nothing of it is left\n"
    assert Path("all.csv").read_text() == "old"
    assert not Path("all.csv.new").exists()
    assert "the disk is full" in _on_a_full_device()


def _on_a_full_device() -> str:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("export", "-"), env=environment(), stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert done.returncode == 1
    return done.stderr.decode()


def test_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves what was there."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gateway.cli.exporting.exported", interrupt)
    assert main(["export", "all.csv"]) == 130
    assert not list(tmp_path.glob("all*"))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["export", "all.txt"], 2, "expected a name that ends with .csv or .jsonl, or --format; got all.txt"),
        (["export", "all.csv", "--since", "soon"], 2, "--since: expected a time such as"),
        (
            ["export", "all.csv", "--since", "1h", "--until", "2h"],
            2,
            "--since: expected a time before --until",
        ),
        (["export", "all.csv", "--sender", "hmu"], 1, "did you mean hum?"),
        (["export", "no/all.csv"], 1, "no/all.csv cannot be written: No such file or directory"),
        (["export", "data", "--format", "csv"], 1, "data is no file; `-` writes to standard output"),
        (["export", "all.csv", "-c", "none.yaml"], 2, "no such file"),
        (["import", "none.csv"], 1, "none.csv cannot be read: No such file or directory"),
        (["import", "data"], 1, "data is no file"),
        (["import", "empty"], 1, "empty: expected readings, got an empty file"),
        (["import", "config.yaml"], 1, "config.yaml: line 1: expected JSON lines, or CSV"),
        (["import", "others.csv"], 2, "say whose values they are: --sender NAME --unit UNIT"),
        (["import", "ours.jsonl", "--sender", "a"], 2, "leave --sender and --unit out"),
    ],
)
def test_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    """In one line, and nothing is left."""
    Path("empty").touch()
    Path("others.csv").write_text("time,value\n2026-11-27T12:00:00Z,1\n")
    Path("ours.jsonl").write_text(GOOD)
    assert main(arguments) == status
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""
    assert not list(tmp_path.glob("all*"))


def test_csv_of_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a name and a unit."""
    Path("others.csv").write_text("Time;Value\r\n2026-11-27T13:00:00+01:00;1.5\r\n1795780860;2\r\n")
    assert main(["import", "others.csv", "--sender", "cellar", "--unit", "%"]) == 0
    assert main(["history", "cellar", "--since", "2026-11-27T12:00:00Z", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "imported from others.csv: 2 readings, 0 gaps and 0 events of 1 sender"
    assert lines[2:4] == [
        "2026-11-27T12:00:00.000Z,1.5,1.5,1.5,1.5,1",
        "2026-11-27T12:01:00.000Z,2.0,2.0,2.0,2.0,1",
    ]


def test_bad_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is told with its number, and then nothing is imported, unless they may be left out."""
    other = elsewhere(tmp_path)
    Path("bad.jsonl").write_text("\n".join([GOOD, '{"kind":"raeding"}', "", *["{\x1b"] * 30, GOOD]))
    assert main(["import", "bad.jsonl", "-c", other]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "bad.jsonl:2: kind: expected one of reading, gap, event, got 'raeding'"
    assert told[1].startswith(r"""bad.jsonl:4: expected a JSON object, got '{\x1b': """)
    assert len(told) == 22
    assert told[-2] == "and 11 more such lines"
    assert told[-1] == (
        "bad.jsonl: 31 lines cannot be read, so nothing was imported; `--skip-bad` leaves them out"
    )
    assert main(["export", "all.csv", "-c", other]) == 1  # there is still no history
    assert "there is no history yet" in capsys.readouterr().err
    assert main(["import", "bad.jsonl", "-c", other, "--skip-bad"]) == 0
    assert capsys.readouterr().out == (
        "imported from bad.jsonl: 2 readings, 0 gaps and 0 events of 1 sender; 31 lines left out\n"
    )
    assert main(["export", "all.jsonl", "-c", other]) == 0
    assert Path("all.jsonl").read_text() == GOOD + "\n"


def test_a_line_that_is_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    """Is one bad line, however long it is."""
    Path("bad.jsonl").write_bytes(b"\n".join([GOOD.encode(), b"x" * (5 << 20), GOOD.encode()]))
    assert main(["import", "bad.jsonl", "--skip-bad"]) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("bad.jsonl:2: expected a line of at most 1048576 bytes")
    assert shown.out.endswith("2 readings, 0 gaps and 0 events of 1 sender; 1 line left out\n")


def test_beside_a_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Can be exported from, and not imported to."""
    held = DataFolder(tmp_path / "data")
    held.open()
    try:
        assert main(["export", "all.csv"]) == 0
        capsys.readouterr()
        assert main(["import", "all.csv"]) == 1
    finally:
        held.close()
    assert capsys.readouterr().err == (
        f"error: another gateway (process {os.getpid()}) uses the data folder {tmp_path / 'data'}; "
        "a gateway runs there: stop it, import, and start it again\n"
    )
    assert main(["import", "all.csv"]) == 0


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl"])
def test_an_export_has_what_a_gateway_has_not_written_yet(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is asked to write it; where it cannot be asked, that is said, and there is a file all the same."""
    with ScriptedBoard(tmp_path / "port") as board:
        app = App(load(board_config(tmp_path, board.link)))
        app.start()
        try:
            until(app.router.getSender("temp").isConnected)  # type: ignore[union-attr]
            until(lambda: main(["history", "temp", "--since", "1h"]) == 0)  # it is opened
            capsys.readouterr()

            def exported(value: str) -> bool:
                board.report("temp", value)
                assert main(["export", name]) == 0
                return value in Path(name).read_text()

            until(lambda: exported("35.25"))
            capsys.readouterr()
            until(lambda: exported("36.5"))
            assert "missing" not in capsys.readouterr().err
            board_config(tmp_path, board.link, "another")
            assert main(["export", name]) == 0
            said, counts = capsys.readouterr().err.splitlines()
            assert said == (
                "what the gateway has not written yet (the last 300 s, history.window) may be missing: "
                f"at unix:{tmp_path}/s is another gateway, 'greenhouse'"
            )
            assert counts.startswith("exported ")
        finally:
            assert app.stop()
    assert main(["export", name]) == 0
    assert "missing" not in capsys.readouterr().err


def test_without_a_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who keeps no history imports none."""
    assert main(["export", "all.csv"]) == 0
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().partition("history:")[0])
    capsys.readouterr()
    assert main(["import", "all.csv"]) == 1
    assert (
        capsys.readouterr().err == "error: this gateway keeps no history; write in config.yaml: history: {}\n"
    )


def test_what_is_too_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is told, as it does not stay."""
    Path("old.csv").write_text("time,value\n1000,1\n2000,2\n")
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().replace("keep: 40000d", "keep: 400d"))
    assert main(["import", "old.csv", "--sender", "a", "--unit", ""]) == 0
    assert capsys.readouterr().err == (
        "2 of the readings are older than is kept: history.keep of config.yaml has them go\n"
    )


def test_killed(tmp_path: Path) -> None:
    """In the middle of an import: made again, it is complete."""
    lines = [
        GOOD.replace("12:00:00", f"{minute // 60:02}:{minute % 60:02}:{second:02}")
        for minute in range(1440)
        for second in range(0, 60, 2)
    ]
    Path("all.jsonl").write_text("\n".join([*lines, ""]))
    other = elsewhere(tmp_path)
    file = tmp_path / "other" / "data" / "history.db"
    with subprocess.Popen(command("import", "all.jsonl", "-c", other), env=environment()) as process:
        until(lambda: file.exists() and file.stat().st_size > 100_000, 60)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    assert main(["import", "all.jsonl", "-c", other]) == 0
    assert main(["export", "again.jsonl", "-c", other]) == 0
    assert Path("again.jsonl").read_text() == Path("all.jsonl").read_text()
