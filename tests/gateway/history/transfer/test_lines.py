"""History as lines of text, out and in again."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.encoding import encode
from gateway.event_id import EventId
from gateway.history.moments import LAST_MS
from gateway.history.rows import Kept, Mark, Reading, Untimed
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.transfer.checks import MOST_NAME
from gateway.history.transfer.reading import BadLine, FileError, Names, records
from gateway.history.transfer.records import FIELDS, MOST_LINE, Record, Silence, item, reading
from gateway.history.transfer.writing import FORMATS

T = 1_795_842_600_123
WHEN = "2026-11-28T05:10:00.123Z"
GOOD_ONE = {"kind": "reading", "time": WHEN, "sender": "temp", "value": 21.5, "unit": "°C", "quality": "good"}
EVENT = {"kind": "event", "time": WHEN, "sender": "temp", "event": "hot", "data": {}, "id": f"{T}-0"}

times = st.integers(0, LAST_MS)
words = st.text(max_size=20)
names = st.text(min_size=1, max_size=20)
floats = st.floats(allow_nan=False, allow_infinity=False)
ids = st.builds(EventId, times, st.integers(0, 1000))
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | floats | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
good = st.builds(reading, names, words, times, floats, st.just(GOOD), st.none())
suspect = st.builds(reading, names, words, times, floats, st.just(SUSPECT), names | st.none())
silences = st.builds(
    lambda sender, begin, length, reason: Silence(sender, begin, length and begin + length, reason),
    names,
    st.integers(0, LAST_MS - 1000),
    st.none() | st.integers(1, 1000),
    words,
)
kept = st.builds(Kept, ids, names, names, st.builds(encode, anything), st.none())
whole = st.builds(
    lambda it, seq, number: it._replace(seq=seq, id=number), good | suspect, st.integers(0, 2**40), ids
)
untimed = st.builds(
    Untimed,
    names,
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    whole | kept | st.builds(Mark, names, times, words),
)


def read(lines: Iterable[bytes], **given_names: str) -> list[Record | BadLine]:
    """What is in them."""
    return [record for _, record in records(lines, Names(**given_names))]


def as_json(**fields: Any) -> bytes:
    """A good reading's line with those instead; None for none."""
    return json.dumps(
        {name: value for name, value in (GOOD_ONE | fields).items() if value is not None}
    ).encode()


@pytest.mark.parametrize("name", FORMATS)
@given(st.lists(good | suspect | silences | kept | untimed, min_size=1, max_size=5))
def test_what_is_written_is_read(name: str, written: list[Record]) -> None:
    """A line each, whatever is in the names, values and reasons."""
    head, line = FORMATS[name]
    text = (head + "".join(map(line, written))).encode()
    lines = text.splitlines(keepends=True) if b"\r" not in text else text.split(b"\n")
    assert text.count(b"\n") == len(written) + bool(head)
    assert read(lines) == written


def test_json_lines_as_they_are() -> None:
    """Each says everything."""
    line = FORMATS["jsonl"].line
    assert line(reading("temp", "°C", T, 21.5, GOOD, None)) == (
        f'{{"kind":"reading","time":"{WHEN}","sender":"temp","value":21.5,"unit":"°C","quality":"good"}}\n'
    )
    assert line(reading("temp", "°C", T, 85, SUSPECT, "beyond")) == (
        f'{{"kind":"reading","time":"{WHEN}","sender":"temp","value":85.0,"unit":"°C","quality":"suspect",'
        '"reason":"beyond"}\n'
    )
    assert line(Silence("temp", T, None, "off")) == (
        f'{{"kind":"gap","time":"{WHEN}","sender":"temp","reason":"off","to":null}}\n'
    )
    assert line(Kept(EventId(T, 3), "temp", "hot", '{"value":27}')) == (
        f'{{"kind":"event","time":"{WHEN}","sender":"temp","event":"hot","data":{{"value":27}},'
        f'"id":"{T}-3"}}\n'
    )
    assert line(Untimed("b00t", 5, 7, Mark("temp", T, "stale"))) == (
        f'{{"kind":"gap","time":"{WHEN}","sender":"temp","reason":"stale","to":null,'
        '"clock":"unset","boot":"b00t","at":5,"heard":7}\n'
    )


def test_csv_as_it_is() -> None:
    """A column for each field; what would end a line is written out."""
    head, line = FORMATS["csv"]
    assert head == "kind,time,sender,value,unit,quality,reason,to,event,data,id,seq,clock,boot,at,heard\n"
    assert line(reading("a,b", "°C", T, 21.5, SUSPECT, "x\ny\\")) == (
        f'reading,{WHEN},"a,b",21.5,°C,suspect,x\\ny\\\\,,,,,,,,,\n'
    )
    assert line(Kept(EventId(T, 3), "temp", "hot", '{"a":"\\n"}')) == (
        f'event,{WHEN},temp,,,,,,hot,"{{""a"":""\\n""}}",{T}-3,,,,,\n'
    )


def test_data_that_is_no_json_is_a_text() -> None:
    """A damaged file may hold anything; its export can be imported."""
    for head, line in FORMATS.values():
        lines = [head.encode(), line(Kept(EventId(T, 0), "a", "b", "{oops")).encode()]
        assert read(filter(None, lines)) == [Kept(EventId(T, 0), "a", "b", '"{oops"')]


def test_what_a_store_takes() -> None:
    """A gap is its beginning: it ends with the next reading."""
    assert item(Silence("a", 5, 9, "stale")) == Mark("a", 5, "stale")
    one = reading("a", "%", 5, 1.0, GOOD, "of no use")
    assert item(one) is one
    assert one == Reading("a", "%", 5, 1.0, GOOD, None, 0, EventId(5, 0))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (as_json(kind=None), "kind: expected one of reading, gap, event, got none"),
        (as_json(kind="event "), "kind: expected one of reading, gap, event, got 'event '"),
        (as_json(kind=[]), "kind: expected one of reading, gap, event, got []"),
        (as_json(time=None), "time: expected a time such as 2026-11-22T06:30:00.123Z, got none"),
        (as_json(time="2026-11-22"), "time: expected a time such as"),
        (as_json(time="2026-11-22T06:30:00"), "time: expected a time such as"),
        (as_json(time="1969-11-22T06:30:00Z"), "time: expected a time such as"),
        (as_json(time=T), "time: expected a time such as"),
        (as_json(value="21.5"), "value: expected a finite number such as 21.5, got '21.5'"),
        (as_json(value=True), "value: expected a finite number such as 21.5, got True"),
        (as_json(value=10**400), "value: expected a finite number such as 21.5, got 1000"),
        (as_json(sender=""), "sender: expected a name of at most 1000 characters, got ''"),
        (as_json(sender="x" * (MOST_NAME + 1)), "sender: expected a name of at most 1000 characters, got 'x"),
        (as_json(sender="\ud800"), r"sender: expected a name of at most 1000 characters, got '\ud800'"),
        (as_json(sender=5), "sender: expected a name of at most 1000 characters, got 5"),
        (as_json(unit=None), "unit: expected a text such as °C, got none"),
        (as_json(quality="stale"), "quality: expected good or suspect, got 'stale'"),
        (as_json(quality=[]), "quality: expected good or suspect, got []"),
        (as_json(reason="why"), "reason: expected none of a good value, got 'why'"),
        (
            as_json(vlaue=5),
            "expected of a reading the fields time, sender, value, unit, quality, reason, seq",
        ),
        (as_json(seq=1.5), "seq: expected a whole number, got 1.5"),
        (as_json(seq=True), "seq: expected a whole number, got True"),
        (as_json(seq=2**60), "seq: expected a whole number, got 1152"),
        (as_json(id="x"), "id: expected an event's id such as 1795842600123-0, got 'x'"),
        (as_json(id=f"{LAST_MS + 1}-0"), "id: expected an event's id such as"),
        (as_json(id=5), "id: expected an event's id such as"),
        (as_json(clock="set", boot="b", at=1, heard=1), "clock: expected unset, or no such field, got 'set'"),
        (as_json(boot="b", at=1, heard=1), "clock: expected unset, or no such field, got none"),
        (
            as_json(clock="unset", boot="b", at=1),
            "heard: expected milliseconds since the machine's start, got",
        ),
        (as_json(clock="unset", boot="", at=1, heard=1), "boot: expected a text"),
        (json.dumps(EVENT | {"id": f"{T + 1}-0"}).encode(), f"time: expected that of the id, {T + 1}-0, got"),
        (json.dumps(EVENT | {"event": ""}).encode(), "event: expected a name of at most 1000 characters"),
        (
            json.dumps({"kind": "gap", "time": WHEN, "sender": "a", "reason": "", "to": WHEN}).encode(),
            f"to: expected a time after {WHEN}, got '{WHEN}'",
        ),
        (b'{"kind":', """expected a JSON object, got '{"kind":': Expecting value"""),
        (b'{"value": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "recursion"),
        (b"[]", "expected a JSON object, got '[]'"),
        (b"\xff{}", "expected UTF-8, got the byte 0xff at 1"),
        (b"x" * (MOST_LINE + 1), f"expected a line of at most {MOST_LINE} bytes, got a longer one"),
    ],
)
def test_bad_lines(line: bytes, problem: str) -> None:
    """Say which field, what was expected, and what came; those after them are read."""
    found = list(records([as_json(), b"\n", line, as_json()], Names()))
    assert [number for number, _ in found] == [1, 3, 4]
    bad = found[1][1]
    assert isinstance(bad, BadLine)
    assert problem in bad.problem
    assert found[0][1] == found[2][1] == reading("temp", "°C", T, 21.5, GOOD, None)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("reading", "expected 16 columns, got 1"),
        (
            f"reading,{WHEN},temp,warm,°C,good,,,,,,,,,,",
            "value: expected a finite number such as 21.5, got 'warm'",
        ),
        (
            f"reading,{WHEN},temp,nan,°C,good,,,,,,,,,,",
            "value: expected a finite number such as 21.5, got nan",
        ),
        (f"reading,{WHEN},temp,,°C,good,,,,,,,,,,", "value: expected a finite number such as 21.5, got none"),
        (
            f"reading,{WHEN},,1,°C,good,,,,,,,,,,",
            "sender: expected a name of at most 1000 characters, got none",
        ),
        (f"reading,{WHEN},temp,1,°C,good,,,,,,x,,,,", "seq: expected a whole number, got 'x'"),
        (f"event,{WHEN},temp,,,,,,hot,{{,{T}-0,,,,,", "data: expected JSON, got '{'"),
        (f'event,{WHEN},temp,,,,,,hot,"{{}},{T}-0,,,,,', "expected a line of CSV, got "),
        (
            f"gap,{WHEN},temp,,°C,,off,,,,,,,,,",
            "expected of a gap the fields time, sender, reason, to, clock",
        ),
    ],
)
def test_bad_lines_of_csv(cells: str, problem: str) -> None:
    """Likewise."""
    _, line = FORMATS["csv"]
    after = reading("temp", "", T, 21.5, GOOD, None)
    bad, last = read([",".join(FIELDS).encode(), cells.encode(), line(after).encode()])
    assert isinstance(bad, BadLine)
    assert problem in bad.problem
    assert last == after


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["time,value", f"{WHEN},21.5"], (T, 21.5)),
        (["\ufeffValue; Time \r", "21;2026-11-28 06:10:00.123+01:00\r"], (T, 21.0)),
        (["time,value,min,max", "1795842600.123,-3e2,,"], (T, -300.0)),
        (["time,value", "1795842600123,0"], (T, 0.0)),
        (["time,value", "100000000000,0"], (100_000_000_000, 0.0)),
        (['"time","value"', "0, 5"], (0, 5.0)),
    ],
)
def test_csv_of_others(lines: list[str], expected: tuple[int, float]) -> None:
    """Time and value, wherever they are; whose they are is said beside it."""
    found = read([line.encode() for line in lines], sender="temp", unit="°C")
    assert found == [reading("temp", "°C", *expected, GOOD, None)]


def test_csv_of_others_with_names() -> None:
    """Columns for them are taken, but for what is said beside it."""
    lines = [b"sender,unit,time,value", b"a,%,0,1", b"b,lx,0,2", b",lx,0,2"]
    one, two, three = read(lines)
    assert (one, two) == (reading("a", "%", 0, 1, GOOD, None), reading("b", "lx", 0, 2, GOOD, None))
    assert three == BadLine("sender: expected a name of at most 1000 characters, got ''")
    assert read(lines[:3], sender="c")[1] == reading("c", "lx", 0, 2, GOOD, None)


@pytest.mark.parametrize("when", ["soon", "", "2026-11-28 06:10:00", "9" * 15, "-5", "2026-11-28"])
def test_times_of_others(when: str) -> None:
    """Which offset, or which number, has to be plain."""
    (found,) = read([b"time,value", f"{when},1".encode()], sender="a", unit="")
    assert isinstance(found, BadLine)
    assert found.problem.startswith("time: expected a time such as 2026-11-22T06:30:00.123Z")


@pytest.mark.parametrize(
    ("line", "given_names", "usage", "words"),
    [
        (b"PK\x03\x04", {}, False, "line 1: expected JSON lines, or CSV with columns in its first line"),
        (b"\xff\xfe", {}, False, "line 1: expected UTF-8, got the byte 0xff at 1"),
        (b"time,temperature", {}, False, "with time and value among them, got 'time,temperature'"),
        (b"kind,when", {}, False, "line 1: expected the columns kind, time"),
        (b"time,value", {}, True, "--sender NAME --unit UNIT"),
        (b"time,value", {"sender": "a"}, True, "--unit UNIT"),
        (b"{}", {"sender": "a"}, True, "leave --sender and --unit out"),
        (b"kind,time", {"unit": "a"}, True, "leave --sender and --unit out"),
    ],
)
def test_what_is_no_such_file(line: bytes, given_names: dict[str, str], usage: bool, words: str) -> None:
    """Is told by its first line, and where options are at fault, which."""
    with pytest.raises(FileError) as caught:
        read([line, b"x"], **given_names)
    assert words in str(caught.value)
    assert caught.value.usage is usage
