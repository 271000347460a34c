"""The sensors' lines at any width."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.live.lines import Line, cells
from gateway.live.rows import Sheet, age_text
from gateway.live.table import Limit, Row

LIMITS = (Limit("cold", 18.0, False), Limit("hot", 26.0, False))


def row(name: str, **more: Any) -> Row:
    fields: dict[str, Any] = {
        "value": 23.5,
        "unit": "°C",
        "age_s": 0.25,
        "quality": "good",
        "link": "board",
        "link_state": "up",
        "reason": "",
        "decimals": 2,
        "limits": LIMITS,
    }
    return Row(name, **{**fields, **more})


def text(line: Line) -> str:
    return "".join(piece for piece, _ in line).rstrip()


def texts(rows: Sequence[Row], width: int) -> list[str]:
    sheet = Sheet(rows, width)
    return [text(sheet.header()), *map(text, sheet.lines())]


def styles(rows: Sequence[Row], width: int) -> dict[str, str]:
    return {piece.strip(): style for line in Sheet(rows, width).lines() for piece, style in line}


def test_columns_go_before_values_do() -> None:
    """Wide: with limits, where there are some, and links; narrow: name, value, age."""
    rows = [row("temp"), row("humidity", value=27.27, unit="%", limits=())]
    assert texts(rows, 80) == [
        "sensor    value        age  quality  limits           link",
        "temp      23.50 °C   0.2 s  good     cold 18, hot 26  board up",
        "humidity  27.27 %    0.2 s  good                      board up",
    ]
    assert "limits" not in texts(rows[1:], 80)[0]
    assert texts(rows, 75)[0].split() == ["sensor", "value", "age", "quality", "link"]
    assert texts(rows, 51)[0].split() == ["sensor", "value", "age", "quality"]
    assert texts(rows, 35) == [
        "sensor    value        age",
        "temp      23.50 °C   0.2 s",
        "humidity  27.27 %    0.2 s",
    ]


def test_columns_keep_their_places() -> None:
    """An age that grows a digit, and a value that does, move nothing."""
    young, old = texts([row("t")], 80), texts([row("t", age_s=119.0)], 80)
    assert [line.index("good") for line in (young[1], old[1])] == [young[0].index("quality")] * 2


def test_a_crossed_limit_stands_out() -> None:
    """Alone, marked, and in colour; where limits have no column, in place of the quality."""
    hot = row("t", limits=(LIMITS[0], Limit("hot", 23.0, True)))
    assert "! hot 23" in texts([hot], 80)[1]
    assert "cold" not in texts([hot], 80)[1]
    assert styles([hot], 80)["! hot 23"] == "yellow"
    assert styles([row("t")], 80)["cold 18, hot 26"] == "dim"
    assert texts([hot], 60)[1].split()[5] == "hot"
    assert styles([hot], 60)["hot"] == "yellow"


@pytest.mark.parametrize(("quality", "style"), [("good", "green"), ("suspect", "yellow"), ("stale", "red")])
def test_quality_has_its_colour(quality: str, style: str) -> None:
    """The value too, where it is not to be trusted; without a column for it, the name is marked."""
    it = row("t", quality=quality)
    assert styles([it], 60)[quality] == style
    assert styles([it], 60)["23.50"] == ("" if quality == "good" else style)
    assert texts([it], 30)[1].split()[0] == ("t" if quality == "good" else "!")


@pytest.mark.parametrize(
    ("state", "style"), [("up", "green"), ("absent", "red"), ("failed", "red"), ("opening", "yellow")]
)
def test_the_link_s_state(state: str, style: str) -> None:
    """In its colour."""
    assert styles([row("t", link_state=state)], 80)[f"board {state}"] == style


REASON = "nothing heard for 12.0 s; 3 damaged lines since"


def test_a_reason_is_whole() -> None:
    """Beside its sensor where it has room, else below."""
    stale = row("t", quality="stale", reason=REASON)
    assert texts([stale], 130)[1].endswith(f"up  {REASON}")
    assert texts([stale], 80)[2:] == [f"  {REASON}"]
    assert texts([stale], 40)[2:] == ["  nothing heard for 12.0 s; 3 damaged", "  lines since"]
    assert texts([stale], 30)[2:] == ["  nothing heard for 12.0 s; 3", "  damaged lines since"]
    assert len(texts([stale], 20)) == 4


def test_a_reason_of_several_is_said_once() -> None:
    """Below the last of those in a row; another's is another."""
    rows = [row(name, quality="suspect", reason=REASON) for name in "ab"]
    rows += [row("c"), row("d", quality="suspect", reason=REASON)]
    lines = texts(rows, 80)[1:]
    assert [line.split()[0] for line in lines] == ["a", "b", "nothing", "c", "d", "nothing"]


def test_why_a_link_is_down_is_not_with_its_sensors() -> None:
    """It is said above, once."""
    assert len(texts([row("t", link_state="absent", quality="stale", reason="unplugged")], 80)) == 2


@pytest.mark.parametrize("width", [36, 51, 52, 75, 76, 80, 200])
def test_a_long_name_leaves_room_for_the_rest(width: int) -> None:
    """It is cut as far as need be, but not to nothing."""
    long = "n" * 60
    header, first, second = texts([row(long), row("b")], width)
    assert max(map(cells, (header, first, second))) <= width + (2 if width == 52 else 0)
    assert "23.50 °C   0.2 s  good" in first
    name = first.split()[0]
    assert width // 4 <= len(name) <= 60
    assert name == (long if width == 200 else "n" * (len(name) - 1) + "…")


@pytest.mark.parametrize(("width", "shown"), [(20, 6), (24, 6), (28, 10), (35, 17)])
def test_on_a_narrow_terminal_names_are_cut_first(width: int, shown: int) -> None:
    """But for six columns, whatever becomes of the rest."""
    assert texts([row("n" * 60)], width)[1].split()[0] == "n" * (shown - 1) + "…"


def test_what_could_steer_the_terminal_is_written_out() -> None:
    """Whoever the words are from."""
    odd = "a\x1b[2J\nb"
    it = row(odd, unit=odd, quality="suspect", link=odd, reason=odd, limits=(Limit(odd, 1.0, True),))
    for width in (75, 200):
        lines = texts([it], width)
        assert "\x1b" not in "".join(lines)
        assert "\n" not in "".join(lines)
    assert texts([it], 200)[1].count(r"a\x1b[2J\nb") == 5


def test_ages_grow_units() -> None:
    """A dash without one."""
    ages = [None, 0.04, 9.94, 12, 119, 300, 7300, 200_000]
    assert [age_text(a) for a in ages] == ["-", "0.0 s", "9.9 s", "12 s", "119 s", "5 min", "2 h", "2 d"]
