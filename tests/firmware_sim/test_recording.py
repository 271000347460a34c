"""The data file: ours, the original's form, and what is wrong with a wrong one."""

import re
from pathlib import Path

import pytest

from firmware_sim.channels import CHANNELS
from firmware_sim.errors import SimulatorError
from firmware_sim.line import is_value
from firmware_sim.recording import DEFAULT_DATA, load
from firmware_sim.sensors import NS

HEADER = "time,temperature,humidity,light\n"
ROW = "2015-02-04 17:51:00,23.18,27.272,426\n"


def test_the_data_that_comes_along() -> None:
    """Two days, a row a minute, every cell a value of its channel as it stands in the file."""
    recording = load()
    assert len(recording) == 2880
    assert recording.step_ns == 60 * NS
    rows = [line.split(",")[1:] for line in DEFAULT_DATA.read_text().splitlines()[1:]]
    assert rows == [list(row) for row in zip(*recording.columns.values(), strict=True)]
    for channel in CHANNELS:
        for text in recording.columns[channel.name]:
            assert is_value(text)
            assert channel.minimum <= float(text) <= channel.maximum


def test_the_data_is_small_and_attributed() -> None:
    """What is shipped stays small, and says whose it is."""
    assert DEFAULT_DATA.stat().st_size < 120_000
    text = DEFAULT_DATA.with_name("ATTRIBUTION.md").read_text()
    for word in ("Candanedo", "Energy and Buildings", "UCI", "CC BY 4.0", "What was changed"):
        assert word in text


def test_the_original_form(tmp_path: Path) -> None:
    """A header one name short, quoted cells and further columns: datatraining.txt as it is published."""
    path = tmp_path / "datatraining.txt"
    path.write_text(
        '"date","Temperature","Humidity","Light","CO2","HumidityRatio","Occupancy"\n'
        '"1","2015-02-04 17:51:00",23.18,27.272,426,721.25,0.00479298817650529,1\n'
        '"2","2015-02-04 17:51:59",23.15,27.2675,429.5,714,0.00478344094931065,1\n'
    )
    recording = load(path)
    assert recording.columns == {
        "temp": ("23.18", "23.15"),
        "hum": ("27.27", "27.27"),
        "lux": ("426", "429.5"),
    }
    assert recording.step_ns == 59 * NS


def test_our_form(tmp_path: Path) -> None:
    """Columns in any order, with a byte order mark and CR LF; rounded to the channel's resolution."""
    path = tmp_path / "own.csv"
    path.write_bytes(
        b"\xef\xbb\xbfLight,Time,Humidity,Temperature\r\n"
        b"0,2024-03-31T01:59:00,50.004,-0.001\r\n99999,2024-03-31T02:59:00,50,85.01\r\n"
    )
    recording = load(path)
    assert recording.columns == {"temp": ("0", "!range"), "hum": ("50", "50"), "lux": ("0", "!range")}
    assert recording.step_ns == 3600 * NS


@pytest.mark.parametrize(
    ("text", "where", "expected", "got"),
    [
        ("", ":1", "a header with time", "''"),
        ("a,b\n1,2\n", ":1", "a header with time", "'a,b'"),
        (HEADER, "", "two rows at least", "0 rows"),
        (HEADER + ROW, "", "two rows at least", "1 rows"),
        (HEADER + ROW + "2015-02-04 17:52:00,1,2\n", ":3", "4 fields, as in line 2", "3"),
        (HEADER + ROW + "yesterday,1,2,3\n", ":3", "a time such as", "'yesterday'"),
        (HEADER + ROW + ROW, ":3", "a time after the row before", "'2015-02-04 17:51:00'"),
        (HEADER + "2015-02-04 17:51:00,warm,2,3\n", ":2", "a temperature in C", "'warm'"),
        (HEADER + "2015-02-04 17:51:00,1,nan,3\n", ":2", "a humidity in %", "'nan'"),
        (HEADER + "2015-02-04 17:51:00,1,2,inf\n", ":2", "a light in lx", "'inf'"),
        (HEADER + "x" * 200_000 + "\n", "", "a CSV file", "field larger than field limit"),
    ],
)
def test_a_bad_file(tmp_path: Path, text: str, where: str, expected: str, got: str) -> None:
    """The error names the file and the line, what was expected and what is there."""
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(
        SimulatorError, match=f"^{re.escape(str(path))}{where}: expected .*{expected}.*got"
    ) as err:
        load(path)
    assert got in str(err.value)
    assert len(str(err.value)) < 400


def test_no_file_and_no_text(tmp_path: Path) -> None:
    """A file that is not there, or not text, is named."""
    with pytest.raises(SimulatorError, match=r"missing\.csv: .*No such file"):
        load(tmp_path / "missing.csv")
    path = tmp_path / "noise.csv"
    path.write_bytes(b"time\xff\xfe")
    with pytest.raises(SimulatorError, match=r"noise\.csv: expected a CSV file in UTF-8"):
        load(path)


def test_a_recording_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file longer than the bound is refused, at the line where it is."""
    monkeypatch.setattr("firmware_sim.recording.MAX_ROWS", 2)
    path = tmp_path / "long.csv"
    path.write_text(HEADER + "".join(f"2015-02-04 17:5{n}:00,1,2,3\n" for n in range(3)))
    with pytest.raises(SimulatorError, match=r"long\.csv:4: expected at most 2 rows"):
        load(path)
