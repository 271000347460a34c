"""The line between the emulated chip and its port: pace, depth, what is lost, what is damaged."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from firmware_sim.line import encode
from tests.support.waiting import until

BYTE_S = 10 * 17 * 8 / 16e6
"""What a byte takes that the chip sends: ten bits, and UBRR is 16 with U2X."""


def test_what_nobody_takes_overruns(chip: Any) -> None:
    """While the program is busy two bytes wait, and one in the shift register; it is told of the rest."""
    assert chip.do(b"s" + b" " * 12) == "got 3 1"
    assert chip.status()["overruns"] == 9
    assert chip.status()["received"] == 13
    assert chip.do(b"s" + b" " * 3) == "got 3 0"
    assert chip.do(b"s" + b" " * 2) == "got 2 0"
    assert chip.do(b"x") == "heard x"
    assert chip.status()["overruns"] == 9


def test_bytes_come_at_the_pace_of_the_line(chip: Any) -> None:
    """Looking 2 ms long the chip has three of before and those of 2 ms: 23 at 115,200 baud."""
    word, count, overran = chip.do(b"s" + b" " * 200).split(" ")
    assert (word, overran) == ("got", "1")
    assert 23 <= int(count) - 3 <= 25


def test_bytes_go_at_the_pace_of_the_chip(chip: Any) -> None:
    """A line of 20 bytes takes 20 times ten bits, and less than one more between two lines."""
    chip.send(b"xy")
    assert [chip.line(), chip.line()] == ["heard x", "heard y"]
    first, second = chip.said()[-2:]
    length = len("$D heard y*00000000\n")
    assert length * BYTE_S <= second.utc - first.utc <= (length + 1) * BYTE_S


def test_nothing_is_lost_that_the_program_takes(chip: Any) -> None:
    """As many commands as its buffer holds, at the line's full pace."""
    chip.send(b"0" * 60)
    assert [chip.line() for _ in range(60)] == ["adc 0"] * 60
    assert chip.status()["overruns"] == 0


def test_noise(chip: Any) -> None:
    """Some bits are flipped, on both ways; what the chip has sent is known undamaged."""
    chip.tell("noise 0.004")
    chip.send(b"z" * 60)  # no one bit makes a command of it that is another's
    until(lambda: len(chip.said()) > 55, what="answers")
    chip.tell("noise 0")
    seen = b""
    while data := chip.read(0.1):
        seen += data
    answers = [line.body for line in chip.said()[1:]]
    assert chip.status()["flipped"] > 20
    assert sum(seen.count(encode(body)) for body in set(answers)) < len(answers)


def test_every_bit(chip: Any) -> None:
    """At a rate of 1 all bits are flipped, both ways."""
    chip.tell("noise 1")
    chip.send(bytes([ord("x") ^ 0xFF]))
    until(lambda: chip.said()[-1].body == "D heard x", what="what the chip says")
    seen = chip.read()
    while bytes(each ^ 0xFF for each in seen)[-1:] != b"\n":
        seen += chip.read()
    assert bytes(each ^ 0xFF for each in seen).startswith(b"$D heard x*")
    assert chip.status()["flipped"] == 8 * (1 + len(seen))


def test_a_line_that_is_cut(chip: Any) -> None:
    """Bytes of both directions are lost while the port stays; then it is as before."""
    chip.tell("cut 86400000")
    chip.tell("reset key")
    until(lambda: len(chip.said()) == 2, what="what nobody hears")
    chip.send(b"x")
    until(
        lambda: chip.status()["cut"] == len("$D start 2 1 1*00000000\n") + 1, what="the byte that is cut, too"
    )
    chip.tell("cut 1")
    ended = chip.status()["seconds"] + 0.001
    until(lambda: chip.status()["seconds"] > ended, what="its end")
    assert chip.do(b"y") == "heard y"
    assert [line.body for line in chip.said()[2:]] == ["D heard y"]


def test_deaf(chip: Any) -> None:
    """What is sent to the chip is lost; what it sends is not. Without a time: as long as a boot loader."""
    chip.tell("deaf 86400000")
    chip.send(b"x")
    until(lambda: chip.status()["cut"] == 1, what="a byte that is lost")
    chip.tell("reset key")
    assert chip.line() == "start 2 1 1"
    chip.tell("speed 0.01")
    assert chip.ask("deaf") == "ok deaf"
    chip.send(b"x")
    until(lambda: chip.status()["cut"] == 2, what="a second byte that is lost")
    chip.tell("deaf 1")
    chip.tell("speed 1")
    until(lambda: chip.status()["seconds"] > 0.01, what="its end")


def test_unplug_and_plug(chip: Any) -> None:
    """Who has the port open hears of it, the link is gone, the chip goes on; then the port is there again."""
    chip.tell("unplug")
    assert not chip.link.is_symlink()
    while chip.read():
        pass
    with pytest.raises(OSError, match="Input/output error"):
        chip.send(b"x")
    chip.close()
    assert chip.status()["plugged"] is False
    chip.tell("reset key")
    until(lambda: len(chip.said()) == 2, what="its start")
    assert chip.status()["lost"] >= len("$D start 2 1 1*00000000\n")
    chip.tell("plug")
    assert chip.tell("plug") == "plugged in"
    chip.open()
    assert chip.do(b"x") == "heard x"
    assert chip.status()["resets"] == {"power": 1, "key": 1, "brown-out": 0, "watchdog": 0}
    chip.close()
    chip.tell("unplug 20")
    until(chip.link.is_symlink, what="the port, back by itself")
    chip.open()
    assert chip.do(b"x") == "heard x"


def test_nobody_listens(probe: Callable[..., Any]) -> None:
    """What the chip sends then is lost, and not found in the port later."""
    chip = probe()
    first = chip.status()
    assert (first["opened"], first["lost"]) == (False, first["sent"])
    chip.open()
    assert chip.do(b"x") == "heard x"
    assert chip.status()["opened"] is True


def test_the_speed(chip: Any) -> None:
    """The chip's seconds against those of this machine."""
    for speed in (0.5, 4, 1):
        assert chip.tell(f"speed {speed}") == f"speed {speed}"
        first = chip.status()
        until(lambda: chip.status()["seconds"] > first["seconds"] + 0.1, what="a tenth of a second")  # noqa: B023
        second = chip.status()
        ratio = (second["seconds"] - first["seconds"]) / (second["utc"] - first["utc"])
        assert ratio == pytest.approx(speed, rel=0.01)
        assert second["speed"] == speed


def test_the_port_is_raw(chip: Any) -> None:
    """Who opens it and sets nothing gets bytes as they are, and no echo."""
    descriptor = os.open(chip.link, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(descriptor, b"\r\n\x03\x04x")
    finally:
        os.close(descriptor)
    assert chip.line() == "heard x"
