"""docs/simulator.md says what is so: its tables, its examples, its lines."""

import re
from pathlib import Path

import pytest

from firmware_sim.channels import CHANNELS
from firmware_sim.cli import main
from firmware_sim.commands import answer
from firmware_sim.faults import FORMS, parse_faults
from firmware_sim.line import LineReader
from firmware_sim.port_commands import COMMANDS
from firmware_sim.recording import load
from firmware_sim.sensorline import sensorline_board
from firmware_sim.simulator import Settings, Simulator

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column has that heading."""
    rows = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_tables_are_complete() -> None:
    """Every fault, command and channel is there, in its form, and no other."""
    assert [row[0].strip("`") for row in table("fault")] == list(FORMS.values())
    assert [row[0].strip("`") for row in table("command")] == [usage for usage, _ in COMMANDS.values()]
    assert table("channel") == [
        [f"`{c.name}`", f"{c.kind}, {c.unit}", c.resolution, f"{c.minimum} to {c.maximum}"] for c in CHANNELS
    ]


def test_options_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option of the program is there, and no other."""
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert set(re.findall(r"--[a-z-]+", " ".join(row[0] for row in table("option")))) == options


def test_lines_are_golden() -> None:
    """The lines that are shown have correct checksums, and are the first ones of the recording."""
    shown = "".join(line + "\n" for line in PAGE.splitlines() if line.startswith("$R"))
    reader = LineReader()
    values = [body.split()[4] for body in reader.feed(shown.encode())]
    assert values == [column[1] for column in load().columns.values()]
    assert reader.damaged == 0


def test_examples_are_true(tmp_path: Path) -> None:
    """The faults parse, and each command that is told gets the answer that is shown."""
    specs = re.findall(r"faults (\w+=[^` ]+)", PAGE)
    assert len(specs) == 2
    for spec in specs:
        parse_faults(spec)
    simulator = Simulator(
        Settings(tmp_path / "board", tmp_path / "board.control"), load(), sensorline_board()
    )
    simulator.open()
    told = re.findall(r'--tell "(.*)"\n(.*)', PAGE)
    assert len(told) == 2
    for command, shown in told:
        assert answer(simulator, command) == shown
    simulator.close()
