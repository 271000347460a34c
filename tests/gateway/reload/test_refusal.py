"""Why a config is refused, beside one that runs."""

from pathlib import Path

import pytest

from gateway.config import Config, ConfigError, load, load_usable
from gateway.reload.refusal import MOST, RefusedError, check_left_out, load_beside

GOOD = "links: {a: {port: /dev/a}}\nsensors: {one: {driver: light, link: a}}\n"


def running(folder: Path, text: str = GOOD) -> Config:
    path = folder / "config.yaml"
    path.write_text(text)
    return load_usable(path)


@pytest.mark.parametrize(
    "text",
    [
        "links: [",
        "",
        "gateway: {name: 5}\n" + GOOD,
        GOOD.replace("light", "lihgt"),
        GOOD.replace("port:", "prt:"),
        GOOD + "mqtt: {url: nothing}\nhttp: {listen: x}\n",
        GOOD.replace("sensors: {", "sensors: {two: {driver: humid, link: a}, "),
    ],
)
def test_as_check_says_it(tmp_path: Path, text: str) -> None:
    """What cannot be started, what would drop a part, what would leave out a new one."""
    before = running(tmp_path)
    before.path.write_text(text)
    with pytest.raises(ConfigError) as checked:
        load(before.path)
    with pytest.raises(RefusedError) as refusal:
        load_beside(before)
    assert refusal.value.lines == [str(problem) for problem in checked.value.problems]


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """Is one that could not be started."""
    before = running(tmp_path)
    before.path.unlink()
    with pytest.raises(RefusedError, match="no such file"):
        load_beside(before)


def test_what_is_left_out_already_may_stay_so(tmp_path: Path) -> None:
    """With its link's sensors; the rest is taken."""
    before = running(tmp_path, GOOD.replace("port:", "prt:"))
    before.path.write_text(GOOD.replace("port:", "pt:") + "history: {}\n")
    after = load_beside(before)
    assert after.history is not None
    assert {out.part for out in after.left_out} == {("links", "a"), ("sensors", "one")}
    before.path.write_text(GOOD)
    assert load_beside(before).left_out == ()


def test_a_driver_that_cannot_be_used(tmp_path: Path) -> None:
    """Its checks find nothing: then what it said when it was made."""
    before = running(tmp_path)
    with pytest.raises(RefusedError, match=r"config.yaml:1: links.a: it fails"):
        check_left_out(before, before.without("links", "a", "it fails"))


def test_many_errors(tmp_path: Path) -> None:
    """As many as somebody reads."""
    many = ", ".join(f"s{number}: {{driver: x, link: a}}" for number in range(MOST + 10))
    before = running(tmp_path)
    before.path.write_text(GOOD.replace("sensors: {", f"sensors: {{{many}, "))
    with pytest.raises(RefusedError) as refusal:
        load_beside(before)
    assert (len(refusal.value.lines), refusal.value.lines[-1]) == (MOST + 1, "… and 10 more")
