"""1-wire thermometers: real scratchpads, and what is not to be believed.

Sources: `50 05 4b 46 7f ff 0c 10 1c` is the power-on value of the DS18B20's data sheet. The others that are
written out were posted by users: in raspberrypi.org's forum, t=91982 (3.9375 °C), at
raspberrypi.stackexchange.com, 48106 (a clone without 4b 46), and in many places (23.125 °C, and a DS18S20 of
25.625 °C). What `made` makes has no source but the data sheet's layout.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sysfs.faults import Fault
from drivers.sysfs.w1 import FAMILIES, crc8, quantities, scratchpad
from tests.drivers.sysfs.test_iio import Texts


def pad(hexes: str, verdict: str = "YES", milli: int = 0, second: str = "", crc: str = "") -> str:
    """What `w1_slave` prints."""
    crc = crc or hexes.split()[8]
    return f"{hexes} : crc={crc} {verdict}\n{second or hexes} t={milli}\n"


def made(*first: int) -> str:
    """Eight bytes and their checksum."""
    data = bytes(first)
    return " ".join(f"{byte:02x}" for byte in (*data, crc8(data)))


POWER_ON = "50 05 4b 46 7f ff 0c 10 1c"
WARM = made(0x53, 0x01, 0x4B, 0x46, 0x7F, 0xFF, 0x0D, 0x10)  # 0x0153 / 16 = 21.1875


def read(family: str = "28", **texts: str) -> float:
    """What is read of a sensor's folder with these files."""
    return quantities(texts, f"{family}-000000000001")[""].read(Texts(texts), "folder")


def test_the_checksum() -> None:
    """Of the data sheet's power-on value, and of the example in Maxim's application note 27."""
    assert crc8(bytes.fromhex("50054b467fff0c10")) == 0x1C
    assert crc8(bytes.fromhex("021cb801000000")) == 0xA2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (pad("72 01 4b 46 7f ff 0e 10 57", milli=23125), 23125),
        (pad("3f 00 4b 46 7f ff 01 10 47", milli=3937), 3937),
        (pad("5e 01 ff ff 7f ff ff ff 52", milli=21875), 21875),
        (pad("33 00 4b 46 ff ff 02 10 f4", milli=25625), 25625),
        (pad(WARM, milli=21187), 21187),
        (pad(made(0x90, 0xFF, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10), milli=-7000), -7000),
        (pad(made(0xFF, 0xFF, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10), milli=-62), -62),  # -62.5, cut by C
        (pad(made(0x00, 0x00, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10), milli=0), 0),  # a real 0 °C
        (pad(made(0x50, 0x05, 0x4B, 0x46, 0x7F, 0xFF, 0x10, 0x10), milli=85000), 85000),  # a real 85 °C
        (pad(made(0xFF, 0x07, 0x4B, 0x46, 0x7F, 0xFF, 0x01, 0x10), milli=127937), 127937),
    ],
)
def test_good_scratchpads(text: str, expected: int) -> None:
    """`t=` of a `YES` whose bytes say the same."""
    assert scratchpad(text) == expected
    assert read(w1_slave=text) == expected / 1000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "did not answer, or its checksum was wrong"),
        ("\n", "did not answer, or its checksum was wrong"),
        (pad(POWER_ON, milli=85000), "85 °C is what the sensor says before its first conversion"),
        (pad(made(0xFF, 0x07, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10), milli=127937), "too little power"),
        (pad("00 00 00 00 00 00 00 00 00", milli=0), "shorted to ground"),
        # The second line has the last good bytes, and t= of the bad ones.
        (pad("ff ff ff ff ff ff ff ff ff", "NO", -62, second=WARM, crc="c9"), "CRC NO"),
        (pad(WARM, milli=21187, crc="00"), "says YES, and the checksum does not fit"),
        (pad(WARM[:-2] + "00", milli=21187), "says YES, and the checksum does not fit"),
        (pad(WARM[:-2] + "00", milli=21187, crc=WARM[-2:]), "says YES, and the checksum does not fit"),
        ("21187", "where a scratchpad was expected"),
        (pad(WARM, milli=21187) + "more", "where a scratchpad was expected"),
        (pad(WARM, milli=21187).partition("\n")[0], "where a scratchpad was expected"),
        ("\x00\ufffd" * 3000, "where a scratchpad was expected"),
    ],
)
def test_bad_scratchpads(text: str, why: str) -> None:
    """No value of these, whatever `t=` says."""
    with pytest.raises(Fault, match=why):
        scratchpad(text)
    with pytest.raises(Fault, match=why):
        read(w1_slave=text)


def test_the_newer_file_goes_first() -> None:
    """`temperature` is thousandths of a degree; `w1_slave` would convert once more."""
    assert read(temperature="23125\n", w1_slave="not looked at") == 23.125
    assert read(temperature="-62\n") == -0.062


@pytest.mark.parametrize("milli", [0, 85000, 127937])
def test_doubtful_temperatures(milli: int) -> None:
    """The scratchpad decides; its value is the newer one."""
    assert read(temperature=f"{milli}\n", w1_slave=pad(WARM, milli=21187)) == 21.187
    with pytest.raises(Fault, match="shorted"):
        read(temperature=f"{milli}\n", w1_slave=pad("00 00 00 00 00 00 00 00 00"))
    with pytest.raises(Fault, match="85 °C"):
        read(temperature=f"{milli}\n", w1_slave=pad(POWER_ON, milli=85000))


class InTurn(Texts):
    """A file says something else each time."""

    def __init__(self, texts: dict[str, str], *turns: str) -> None:
        super().__init__(texts)
        self.turns = list(turns)

    def text(self, path: str) -> str:
        """See `Files`."""
        return self.turns.pop(0) if path.endswith("/temperature") else super().text(path)


@pytest.mark.parametrize(
    ("turns", "features", "expected"),
    [
        (["85000", "21187"], "0", 21.187),
        (["85000", "85000"], "1", 85.0),  # the kernel has looked at byte 6
        (["85000", "85000"], "3", 85.0),
        (["85000", "85000"], "0", "85 °C"),
        (["85000", "85000"], "2", "85 °C"),
        (["85000", "85000"], None, "85 °C"),
        (["127937", "127937"], None, "127.94 °C"),
        (["0"], None, 0.0),
        (["", "21187"], None, 21.187),
        (["", ""], None, "did not answer"),
        (["85000", ""], None, "did not answer"),
        (["x"], None, "temperature says 'x' where a number was expected"),
    ],
)
def test_without_a_scratchpad(turns: list[str], features: str | None, expected: float | str) -> None:
    """A second conversion, and what the kernel says that it checks."""
    files = {"temperature": ""} | ({} if features is None else {"features": features})
    quantity = quantities(files, "28-000000000001")[""]
    texts = InTurn(files, *turns)
    if isinstance(expected, float):
        assert quantity.read(texts, "folder") == expected
    else:
        with pytest.raises(Fault, match=expected):
            quantity.read(texts, "folder")
    assert texts.turns == []


def test_which_chips_are_thermometers() -> None:
    """By their family; what each can measure is known."""
    for family in FAMILIES:
        found = quantities(["temperature"], f"{family}-000000000001")[""]
        assert (found.kind, found.unit, found.name) == ("temperature", "C", "")
    assert quantities(["temperature"], "28-000000000001")[""].low == -55
    assert quantities(["temperature"], "28-000000000001")[""].high == 125
    assert quantities(["temperature"], "01-000000000001") == {}


def test_a_thermometer_without_a_driver() -> None:
    """It is there, and says what to load."""
    with pytest.raises(Fault, match="modprobe w1_therm"):
        quantities(["id", "uevent"], "28-000000000001")[""].read(Texts({}), "folder")


def test_damaged_scratchpads_give_no_value() -> None:
    """A hundred thousand with one or two bits turned on the wire, as older kernels print them: `t=` is of the
    bad bytes; and with YES, as no kernel does."""
    rng = random.Random(20261129)
    good = bytes.fromhex(WARM)
    believed = []
    for number in range(100_000):
        sent = bytearray(good)
        for bit in rng.sample(range(72), rng.randint(1, 2)):
            sent[bit // 8] ^= 1 << bit % 8
        milli = int.from_bytes(sent[:2], "little", signed=True) * 1000 // 16
        verdict = ("NO", "YES")[number % 2]
        text = pad(bytes(sent).hex(" "), verdict, milli, second=WARM, crc=f"{crc8(bytes(sent[:8])):02x}")
        try:
            believed.append(scratchpad(text))
        except Fault:
            continue
    assert believed == []


@given(st.text(), st.text(), st.text(), st.sampled_from(sorted(FAMILIES)))
def test_any_texts(temperature: str, slave: str, features: str, family: str) -> None:
    """A number or a fault."""
    for texts in (
        {"temperature": temperature, "w1_slave": slave},
        {"temperature": temperature, "features": features},
        {"temperature": "85000", "features": features},
        {"w1_slave": slave},
    ):
        try:
            assert isinstance(read(family, **texts), float)
        except Fault:
            continue


@given(st.binary(min_size=9, max_size=9), st.integers(), st.sampled_from(["YES", "NO", ""]))
def test_any_scratchpads(data: bytes, milli: int, verdict: str) -> None:
    """Of any bytes with any verdict: what is believed has a checksum that fits."""
    hexes = " ".join(f"{byte:02x}" for byte in data)
    try:
        scratchpad(pad(hexes, verdict, milli))
    except Fault:
        return
    assert crc8(data[:8]) == data[8]
