"""The registers of each slave, against what manuals and owners print of them."""

import struct

import pytest

from firmware_sim.modbus.slaves import MODELS, PRESSURE_PA, Registers, Seen


def registers(name: str, function: int, temp: float = 21.5, hum: float = 40.1, lux: float = 0.0) -> Registers:
    """What a slave of number 9 has, modulo 2^16."""
    values = {"temp": temp, "hum": hum, "lux": lux}
    seen = Seen(values.__getitem__, 9)
    return {at: value & 0xFFFF for at, value in MODELS[name].reads[function](seen).items()}


def test_there_are_nine() -> None:
    """Those that the gateway has profiles for."""
    assert list(MODELS) == [
        *("xy-md02", "rs-ws-n01", "cwt", "r444a01", "pta8d08", "kincony-sht30", "rs-gz", "sen0644", "orch-s4")
    ]


def test_xy_md02() -> None:
    """Input registers 1 and 2; 0x0131 is 30.5 °C, 0xFF33 is -20.5 °C."""
    assert registers("xy-md02", 4, 30.5, 54.6) == {1: 0x0131, 2: 0x0222}
    assert registers("xy-md02", 4, -20.5)[1] == 0xFF33
    assert registers("xy-md02", 3) == {0x0101: 9, 0x0102: 9600, 0x0103: 0, 0x0104: 0}


def test_rs_ws_n01() -> None:
    """Humidity first; two's complement."""
    found = registers("rs-ws-n01", 3, -10.1, 65.8)
    assert (found[0], found[1]) == (0x0292, 0xFF9B)
    assert (found[0x07D0], found[0x07D1]) == (9, 1)
    assert list(MODELS["rs-ws-n01"].reads) == [3]


def test_cwt() -> None:
    """0xFF9F is -9.7 °C."""
    assert registers("cwt", 3, -9.7, 58.0) == {0: 580, 1: 0xFF9F}


def test_r444a01() -> None:
    """Temperature first."""
    assert registers("r444a01", 3, -1.0, 50.0) == {0: 0xFFF6, 1: 500, 2: 9, 3: 9600}


def test_pta8d08() -> None:
    """Two probes; an open input reads 97.7 °C and 137.6 ohm. 100 °C are 138.51 ohm (IEC 60751), 0 are 100."""
    found = registers("pta8d08", 3, 0.0)
    assert [found[at] for at in range(8)] == [0, 10, 977, 977, 977, 977, 977, 977]
    assert [found[at] for at in range(32, 40)] == [1000, 1004, 1376, 1376, 1376, 1376, 1376, 1376]
    assert registers("pta8d08", 3, 100.0)[32] == 1385
    assert found[253] == 9


def test_kincony() -> None:
    """Below zero 10,000 are added to the tenths; the same as floats, high word first; both functions."""
    for function in (3, 4):
        found = registers("kincony-sht30", function, -10.5, 40.1)
        assert (found[0], found[1]) == (10_105, 401)
        words = struct.pack(">HHHH", *(found[at] for at in range(2, 6)))
        assert struct.unpack(">ff", words) == pytest.approx((-10.5, 40.1))
    assert registers("kincony-sht30", 3, 10.5)[0] == 105


def test_light() -> None:
    """0x0002 0x06F6 is 132,854 lx; the others say thousandths."""
    assert registers("rs-gz", 3, lux=132_854) == {7: 2, 8: 0x06F6}
    assert registers("sen0644", 3, lux=132.854) == {2: 2, 3: 0x06F6}


def test_orch_s4() -> None:
    """Hundredths, pascal, thousandths of lux."""
    found = registers("orch-s4", 4, -1.25, 40.1, 132.854)
    assert (found[0], found[1]) == (0x10000 - 125, 4010)
    assert found[2] << 16 | found[3] == PRESSURE_PA
    assert (found[4], found[5]) == (2, 0x06F6)


def test_each_channel_is_measured_once() -> None:
    """So what comes twice in an answer is the same."""
    asked: list[str] = []

    def measure(channel: str) -> float:
        asked.append(channel)
        return 1.0

    MODELS["kincony-sht30"].reads[3](Seen(measure, 1))
    assert sorted(asked) == ["hum", "temp"]
