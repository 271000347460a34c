"""The command line: what is wrong with it is said, and nothing is started."""

from pathlib import Path

import pytest

from firmware_sim.cli import main

GOLDEN = Path(__file__).parents[1] / "vectors" / "capture.txt"


def fails(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """What the command line says when it is refused."""
    with pytest.raises(SystemExit) as end:  # argparse ends so by itself
        raise SystemExit(main(arguments))
    captured = capsys.readouterr()
    assert end.value.code == status
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--speed", "0"], "a speed from 0.001 to 1000000"),
        (["--speed", "nan"], "got 'nan'"),
        (["--seed", "x"], "--seed"),
        (["--name", "two words"], "1 to 24 visible ASCII characters"),
        (["--identity", "a*b"], "1 to 24 visible ASCII characters"),
        (["--faults", "flpi=0.1"], "(perhaps flip)"),
        (["--tell", "status"], "expected --link or --control as well"),
        (["--what"], "unrecognized arguments"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """A wrong argument ends it with status 2 and a text that names what is right."""
    status = 1 if arguments[0] == "--tell" else 2
    assert said in fails(capsys, *arguments, status=status)


def test_bad_data(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A bad data file ends it with file, line, expected and got; no link is left."""
    path = tmp_path / "bad.csv"
    path.write_text("time,temperature,humidity,light\n2015-02-04 17:51:00,1,2,dark\n")
    said = fails(capsys, "--link", str(tmp_path / "board"), "--data", str(path))
    assert said == f"firmware_sim: error: {path}:2: expected a light in lx; got 'dark'\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_the_way(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file at the link's path stays, and the program ends."""
    path = tmp_path / "board"
    path.write_text("precious")
    assert "expected no file there, or a symlink" in fails(capsys, "--link", str(path))
    assert path.read_text() == "precious"


def test_a_link_that_cannot_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A name that no file can have is refused in words."""
    assert "File name too long" in fails(capsys, "--link", str(tmp_path / ("b" * 300)), "--control", "/tmp/c")
    assert "expected a file's path; got '.'" in fails(capsys, "--link", "")


def test_nobody_to_tell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--tell` without a simulator says where it looked."""
    said = fails(capsys, "--link", str(tmp_path / "board"), "--tell", "status", status=1)
    assert f"{tmp_path}/board.control: expected a simulator's control socket" in said


def test_help_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` names every option."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for option in ("--link", "--data", "--speed", "--seed", "--faults", "--control", "--until-eof", "--tell"):
        assert option in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--protocol", "zigbee"], "invalid choice: 'zigbee'"),
        (["--shape", "2"], "--shape: goes with --protocol text only; got --protocol sensorline"),
        (["--protocol", "text", "--shape", "11"], "expected a shape from 1 to 10; got '11'"),
        (["--protocol", "text", "--degree", "ascii"], "invalid choice: 'ascii'"),
        (["--protocol", "text", "--slaves", "1:cwt"], "--slaves: goes with --protocol modbus only"),
        (["--protocol", "modbus", "--slaves", "1:cwt,1:cwt"], "each ID once"),
        (["--protocol", "modbus", "--faults", "merge=1"], "fault merge: a Modbus frame has no line end"),
        (["--protocol", "mysensors", "--name", "x"], "--name: goes with --protocol sensorline only"),
        (["--protocol", "sysfs", "--faults", "flip=1"], "--faults: makes no sense with --protocol sysfs"),
        (["--protocol", "sysfs", "--baud", "9600"], "--baud: makes no sense with --protocol sysfs"),
        (["--loop"], "--loop: goes with --replay only; got --protocol sensorline"),
        (["--replay", "x", "--protocol", "text"], "--protocol: makes no sense with --replay; leave it out"),
        (["--replay", "x", "--data", "y"], "--data: makes no sense with --replay"),
        (["--replay", "nowhere"], "nowhere: expected a capture that can be read; got: No such file"),
        (["--replay", str(GOLDEN), "--faults", "silent=temp"], "a replay says what was recorded"),
        (["--baud", "49"], "expected a baud rate from 50 to 4000000; got '49'"),
        (["--baud", "fast"], "expected a baud rate"),
    ],
)
def test_options_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str, tmp_path: Path
) -> None:
    """Status 2, the reason, nothing left."""
    assert said in fails(capsys, "--link", str(tmp_path / "board"), *arguments)
    assert list(tmp_path.iterdir()) == []
