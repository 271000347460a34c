"""The codecs: bytes to messages and back, however the bytes arrive."""

from __future__ import annotations

import json
import pickle
import runpy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sig import wire
from sig.wire import Codec, FramedCodec, JsonCodec, Message, WireError

LIMIT = 10_000
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
messages = st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=5)
cuts = st.lists(st.integers(min_value=0, max_value=2000), max_size=12)
Result = tuple[list[Message], bool]


def decode(data: bytes, pieces: list[bytes], codec: Any = None) -> Result:
    """All messages, and whether the decoder gave up."""
    assert b"".join(pieces) == data
    decoder = (codec or JsonCodec()).decoder(LIMIT)
    found: list[Message] = []
    for piece in pieces:
        try:
            found += decoder.feed(piece)
        except WireError as err:
            return found + err.before, True
    return found, False


def split(data: bytes, at: list[int]) -> list[bytes]:
    """`data` cut at these places."""
    places = [0, *sorted(min(place, len(data)) for place in at), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def every_way(data: bytes, at: list[int], codec: Any = None) -> Result:
    """What it decodes to, checked to be the same whole, byte by byte, and cut anywhere."""
    whole = decode(data, [data], codec)
    assert decode(data, [bytes([byte]) for byte in data], codec) == whole
    assert decode(data, split(data, at), codec) == whole
    return whole


@given(
    messages,
    st.sampled_from(["", "\n", " ", "\r\n\t "]),
    st.sampled_from([None, 1]),
    st.booleans(),
    cuts,
)
def test_objects_with_any_white_space_between(
    sent: list[Message], between: str, indent: int | None, ascii_only: bool, at: list[int]
) -> None:
    """Whatever is between them, over several lines or not, escaped or not: the same objects arrive."""
    texts = (json.dumps(each, indent=indent, ensure_ascii=ascii_only) for each in sent)
    data = between.join(texts).encode("utf-8", "replace")
    expected = json.loads("[" + ",".join(json.dumps(each, ensure_ascii=ascii_only) for each in sent) + "]")
    if data.decode() == between.join(json.dumps(e, indent=indent, ensure_ascii=ascii_only) for e in sent):
        assert every_way(data, at) == (expected, False)


@given(messages, cuts)
def test_what_we_write_is_one_object_a_line(sent: list[Message], at: list[int]) -> None:
    """As pysig takes it: one object, and a newline after it."""
    data = b"".join(JsonCodec().pack(each) for each in sent)
    assert data.count(b"\n") == len(sent)
    assert every_way(data, at)[0] == sent


@given(st.binary(max_size=300), cuts)
@example(b'{"a": 1}x', [])
@example(b'{"a": 1}\n\xff\xfe', [])
@example(b'{"a": "\\', [])
@example(b'{"a": "\xff"}', [])
@example(b"{\n}{}\n}", [])
def test_any_bytes(data: bytes, at: list[int]) -> None:
    """Messages or a WireError, nothing else, and the same however they are cut."""
    every_way(data, at)


@given(st.text(alphabet='{}[]"\\:,1 \na', max_size=60), cuts)
def test_nearly_json(text: str, at: list[int]) -> None:
    """The same for what looks like JSON."""
    every_way(text.encode(), at)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"[1]", "expected an object"),
        (b"\x00{}", "expected an object"),
        (b"{1}", "not JSON"),
        (b'{"a": \xff}', "not JSON"),
        (b'{"a": ' + b"[" * 5000 + b"}", "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": "' + b"x" * LIMIT, "larger"),
        (b'{"a": "' + b"x" * LIMIT + b'"}', "larger"),
        (b'{"a": "' + b"x" * LIMIT + b'"}\n', "larger"),
    ],
)
def test_what_is_refused(data: bytes, text: str) -> None:
    """Each with its reason."""
    with pytest.raises(WireError, match=text):
        JsonCodec().decoder(LIMIT).feed(data)


def test_deep_nesting() -> None:
    """Deeper than the interpreter can follow: refused, not a crash."""
    depth = 500_000
    with pytest.raises(WireError, match="not JSON"):
        JsonCodec().decoder(4 * depth).feed(b'{"a":' + b"[" * depth + b"]" * depth + b"}\n")


@pytest.mark.parametrize("between", [b"\n", b" ", b""])
def test_each_message_may_be_as_large_as_the_limit(between: bytes) -> None:
    """However many come at once; one byte more is refused."""
    message = b'{"a":"\xc3\xa9123"}'
    data = (message + between) * 5
    decoder = JsonCodec().decoder(len(message))
    assert decoder.feed(data) == [{"a": "é123"}] * 5
    assert decoder.feed(message + b"\n") == [{"a": "é123"}]
    with pytest.raises(WireError, match="larger"):
        JsonCodec().decoder(len(message) - 1).feed(data)


def test_memory_is_bounded() -> None:
    """A decoder keeps no more than the limit, however little comes at a time."""
    decoder = JsonCodec().decoder(LIMIT)
    decoder.feed(b'{"a":"')
    for _ in range(LIMIT // 10 - 1):
        decoder.feed(b"x" * 10)
    with pytest.raises(WireError, match="larger"):
        decoder.feed(b"x" * 10)


def test_a_signal_is_the_same_whichever_way_it_is_packed() -> None:
    """Packed once for many listeners, it reads as if it were packed for one."""
    info, data = {"sender": "té", "event": "#c"}, {"value": [1, None]}
    codecs: list[Codec] = [JsonCodec(), FramedCodec(pickle.dumps, pickle.loads)]
    for codec in codecs:
        event = codec.pack_event(info, data)
        decoder = codec.decoder(LIMIT)
        params = {"info": info, "data": data}
        assert decoder.feed(codec.pack_signal(event, 7, None)) == [
            {"method": "signal", "params": {"listener_id": 7, **params}}
        ]
        assert codec.signal_packer(7)(event) == codec.pack_signal(event, 7, None)
        assert decoder.feed(codec.pack_signal(event, 8, 3)) == [
            {"id": 3, "method": "signal", "params": {"listener_id": 8, **params}}
        ]


def test_what_cannot_be_sent() -> None:
    """What JSON cannot say is a TypeError where it is packed."""
    with pytest.raises(TypeError, match="a set cannot be sent"):
        JsonCodec().pack({"a": {1}})
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match=r"^it refers to itself, or is nested too deep, and .* as JSON$"):
        JsonCodec().pack({"a": circle})
    with pytest.raises(TypeError, match="keys must be str"):
        JsonCodec().pack({"a": {(1, 2): 3}})


def test_without_the_c_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Python that has none, the messages are the same."""
    message = {"a": [1.5, None, True, 'é"', {"b": {}}], "c": 10**30}
    packed = JsonCodec().pack(message)
    monkeypatch.setattr("json.encoder.c_make_encoder", None)
    anew = runpy.run_path(wire.__file__)["JsonCodec"]()
    assert anew.pack(message) == packed
    with pytest.raises(TypeError, match="a set cannot be sent"):
        anew.pack({"a": {1}})


@pytest.mark.parametrize("with_c", [True, False])
def test_the_encoder(monkeypatch: pytest.MonkeyPatch, with_c: bool) -> None:
    """Short, ASCII, exact; what JSON cannot write is refused, with the reason."""
    if not with_c:
        monkeypatch.setattr("json.encoder.c_make_encoder", None)
    pack = wire._make_pack()
    message = {"é": [1.5, None, True, 'é"', {"b": {}}], "c": 10**30, "a": []}
    expected = r'{"\u00e9":[1.5,null,true,"\u00e9\"",{"b":{}}],"c":1' + "0" * 30 + ',"a":[]}'
    assert pack(message) == expected.encode() + b"\n"
    with pytest.raises(ValueError, match=r"(?i)not JSON compliant"):
        pack(float("nan"))
    with pytest.raises(TypeError, match="a set cannot be sent"):
        pack({1})
    with pytest.raises(TypeError, match="keys must be str"):
        pack({(1, 2): 3})
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match=r"^it refers to itself, or is nested too deep, and .* as JSON$"):
        pack(circle)


def unpack_json(data: bytes) -> Any:
    return json.loads(data)


@given(
    st.binary(max_size=200) | st.binary(max_size=9).map(lambda body: bytes([0, 0, 0, len(body)]) + body), cuts
)
def test_a_framed_codec_takes_any_bytes(data: bytes, at: list[int]) -> None:
    """Messages or a WireError, whatever the foreign function raises."""
    every_way(data, at, FramedCodec(pickle.dumps, unpack_json))


@given(messages, cuts)
def test_a_framed_codec_round_trip(sent: list[Message], at: list[int]) -> None:
    """Another encoding carries the same objects."""
    codec = FramedCodec(lambda message: json.dumps(message).encode(), unpack_json)
    assert every_way(b"".join(codec.pack(each) for each in sent), at, codec) == (sent, False)


def test_a_framed_message_over_the_limit() -> None:
    """It is refused by its length, before any of it is kept; as is what is no object."""
    codec = FramedCodec(pickle.dumps, pickle.loads)
    with pytest.raises(WireError, match="larger"):
        codec.decoder(LIMIT).feed(b"\x7f\xff\xff\xff")
    with pytest.raises(WireError, match=r"^a message must be an object, got list$"):
        codec.decoder(LIMIT).feed(codec.pack([1]))  # type: ignore[arg-type]
    packed = codec.pack({"a": 1})
    assert codec.decoder(len(packed) - 4).feed(packed) == [{"a": 1}]
    with pytest.raises(WireError, match="larger"):
        codec.decoder(len(packed) - 5).feed(packed)


def test_why_a_message_cannot_be_unpacked() -> None:
    """By the text of what the foreign function raises."""
    codec = FramedCodec(lambda message: json.dumps(message).encode(), unpack_json)
    with pytest.raises(WireError, match=r"^a message cannot be unpacked: .*Expecting value") as raised:
        codec.decoder(LIMIT).feed(b"\0\0\0\1x")
    assert raised.value.before == []
    assert WireError("").before == []
