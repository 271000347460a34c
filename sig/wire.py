"""Messages to bytes and back, without any I/O.

Rules of the JSON stream:
 - A message is a JSON object, UTF-8. Between messages there may be any white space, or none.
 - We write one object a line; we read objects split or merged at any byte.
 - Nothing larger than the limit is kept. Anything else than that is a WireError, after which the stream is
   of no use: there is no telling where the next object starts.

Strategy: nearly always a line is an object, so try that first. Where it is not (no newline, two objects
in a line, an object over several lines), walk over the bytes to find the closing brace, remembering where
we are, so that no byte is walked over twice.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterable
from functools import partial
from json import encoder
from json.scanner import make_scanner
from typing import Any, Protocol

from sig.errors import RequestError, text_of

Message = dict[str, Any]


def _unserialisable(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON: {value!r:.100}")


def _make_pack() -> Callable[[Any], bytes]:
    """What writes a line of JSON, by `json`'s own C encoder, kept: `JSONEncoder.encode` makes a new one for
    each message, which takes longer than to encode an event.
    """
    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        by_python = json.JSONEncoder(
            default=_unserialisable, separators=(",", ":"), allow_nan=False, check_circular=False
        )

        def parts(value: Any, _level: int) -> Iterable[str]:
            return by_python.iterencode(value)
    else:
        parts = make(
            None, _unserialisable, encoder.encode_basestring_ascii, None, ":", ",", False, False, False
        )  # fmt: skip

    def pack(value: Any) -> bytes:
        try:
            return ("".join(parts(value, 0)) + "\n").encode()
        except ValueError as err:
            raise ValueError(f"it cannot be sent as JSON, which has no NaN and no Infinity: {err}") from None
        except RecursionError:
            raise ValueError(
                "it refers to itself, or is nested too deep, and cannot be sent as JSON"
            ) from None

    return pack


_pack = _make_pack()

_NOT_WHITE = re.compile(rb"[^ \t\r\n]")
_OUTSIDE_STRING = re.compile(rb'["{}]')
_INSIDE_STRING = re.compile(rb'["\\]')
_LENGTH = struct.Struct("!I")

# The scanner itself, without the calls around it: StopIteration where no value starts.
_scan = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed takes it for a class of its own


class WireError(RequestError):
    """The peer's bytes are not what the protocol allows; the connection has to be closed.

    `before` holds the messages that the same `feed` completed before it came upon the fault.
    """

    error = "bad_reply"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.before: list[Message] = []


class Decoder(Protocol):
    """Bytes in, messages out."""

    max_bytes: int

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, in order. Raises WireError; then it is of no more use."""


class Codec(Protocol):
    """How messages are written; both ends of a connection must use the same."""

    def pack(self, message: Message) -> bytes:
        """One message as it goes over the wire. Raises TypeError or ValueError for what cannot be written."""

    def decoder(self, max_bytes: int) -> Decoder:
        """A decoder for one connection, which keeps at most about `max_bytes`."""

    def pack_event(self, info: dict[str, Any], data: Any) -> Any:
        """An event, encoded once for all its listeners, to be finished for each."""

    def pack_signal(self, event: Any, listener_id: int, call_id: int | None) -> bytes:
        """The `signal` call for one listener; without an id it is not answered."""

    def signal_packer(self, listener_id: int) -> Callable[[Any], bytes]:
        """`pack_signal` for many events to one listener, without an id."""


class JsonCodec:
    """One JSON object a line."""

    pack = staticmethod(_pack)

    def decoder(self, max_bytes: int) -> JsonDecoder:
        return JsonDecoder(max_bytes)

    def pack_event(self, info: dict[str, Any], data: Any) -> bytes:
        return b",%b}\n" % _pack({"info": info, "data": data})[1:-1]

    def pack_signal(self, event: Any, listener_id: int, call_id: int | None) -> bytes:
        if call_id is None:
            return b'{"method":"signal","params":{"listener_id":%d%b' % (listener_id, event)
        return b'{"id":%d,"method":"signal","params":{"listener_id":%d%b' % (call_id, listener_id, event)

    def signal_packer(self, listener_id: int) -> Callable[[bytes], bytes]:
        # the same beginning for all: what remains is one addition in C
        return (b'{"method":"signal","params":{"listener_id":%d' % listener_id).__add__


class JsonDecoder:
    """A stream of JSON objects, however the bytes arrive."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._buffer = bytearray()
        self._forget_walk()

    def _forget_walk(self) -> None:
        self._walked = 0
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> list[Message]:
        size = len(data)
        if not self._buffer and size <= self.max_bytes and data.find(b"\n") == size - 1 >= 0:
            # one object and a newline, as nearly all is that is not a flood
            try:
                text = data.decode()
                message, finish = _scan(text, 0)
                if finish == len(text) - 1 and text[0] == "{":
                    return [message]
            except (ValueError, RecursionError, StopIteration):
                pass  # `_feed` tells
        messages: list[Message] = []
        try:
            self._feed(data, messages)
        except WireError as err:
            err.before = messages
            raise
        return messages

    def _feed(self, data: bytes, messages: list[Message]) -> None:
        buffer = self._buffer
        buffer += data
        start = self._take_lines(messages)
        while (found := _NOT_WHITE.search(buffer, start)) is not None:
            start = found.start()
            if buffer[start] != 0x7B:
                raise WireError(f"expected an object, which starts with '{{', got byte 0x{buffer[start]:02x}")
            finish = self._walk(start)
            if finish is None:
                break
            self._check_size(finish - start)
            self._forget_walk()
            messages.append(_parse(bytes(buffer[start:finish])))
            start = finish
        else:
            start = len(buffer)
        del buffer[:start]
        self._walked = max(0, self._walked - start)
        self._check_size(len(buffer))

    def _take_lines(self, messages: list[Message]) -> int:
        """Parse the lines that are an object each, up to the first that is not; returns where they end."""
        end = self._buffer.rfind(b"\n") + 1
        if not end:
            return 0
        try:
            text = self._buffer[:end].decode()
        except UnicodeDecodeError:
            return 0
        taken, is_ascii = 0, text.isascii()
        try:
            while taken < len(text):
                message, finish = _scan(text, taken)
                if text[finish] != "\n" or text[taken] != "{":
                    break
                size = finish - taken if is_ascii else len(text[taken:finish].encode())
                if size > self.max_bytes:
                    self._check_size(size)
                messages.append(message)
                taken = finish + 1
        except (ValueError, RecursionError, StopIteration):
            pass  # white space, an object over several lines, two in a line, or no object: the walk tells
        if taken:
            self._forget_walk()
        return taken if is_ascii else len(text[:taken].encode())

    def _walk(self, start: int) -> int | None:
        """Where the object at `start` ends, going on from where the last walk stopped."""
        buffer = self._buffer
        at = max(start, self._walked)
        while True:
            found = (_INSIDE_STRING if self._in_string else _OUTSIDE_STRING).search(buffer, at)
            if found is None:
                self._walked = len(buffer)
                return None
            at = found.end()
            byte = buffer[at - 1]
            if byte == 0x5C:  # a backslash takes the next byte with it
                if at == len(buffer):
                    self._walked = at - 1
                    return None
                at += 1
            elif byte == 0x22:
                self._in_string = not self._in_string
            elif byte == 0x7B:
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    return at

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise WireError(f"a message of {size} bytes is larger than the limit of {self.max_bytes}")


def _parse(data: bytes) -> Message:
    """What begins with a brace, and ends with the one that belongs to it: if it is JSON, it is one object."""
    try:
        message: Message = json.loads(data.decode())
    except (ValueError, RecursionError) as err:
        raise WireError(f"not JSON: {err}") from err
    return message


class FramedCodec:
    """Any other encoding: `pack` and `unpack` one message; each goes with its length, 4 bytes big-endian.

    codec = FramedCodec(msgpack.packb, msgpack.unpackb)
    """

    def __init__(self, pack: Callable[[Message], bytes], unpack: Callable[[bytes], Any]) -> None:
        self._pack = pack
        self._unpack = unpack

    def pack(self, message: Message) -> bytes:
        body = self._pack(message)
        return _LENGTH.pack(len(body)) + body

    def decoder(self, max_bytes: int) -> FramedDecoder:
        return FramedDecoder(self._unpack, max_bytes)

    def pack_event(self, info: dict[str, Any], data: Any) -> tuple[dict[str, Any], Any]:
        return info, data

    def pack_signal(self, event: Any, listener_id: int, call_id: int | None) -> bytes:
        info, data = event
        message: Message = {
            "method": "signal",
            "params": {"listener_id": listener_id, "info": info, "data": data},
        }
        if call_id is not None:
            message["id"] = call_id
        return self.pack(message)

    def signal_packer(self, listener_id: int) -> Callable[[Any], bytes]:
        return partial(self.pack_signal, listener_id=listener_id, call_id=None)


class FramedDecoder:
    """Length-prefixed messages, however the bytes arrive."""

    def __init__(self, unpack: Callable[[bytes], Any], max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._unpack = unpack
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        try:
            self._feed(data, messages)
        except WireError as err:
            err.before = messages
            raise
        return messages

    def _feed(self, data: bytes, messages: list[Message]) -> None:
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > self.max_bytes:
                raise WireError(f"a message of {size} bytes is larger than the limit of {self.max_bytes}")
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                break
            try:
                message = self._unpack(bytes(self._buffer[_LENGTH.size : end]))
            except Exception as err:  # a foreign function: whatever it raises means that it cannot read it
                raise WireError(f"a message cannot be unpacked: {text_of(err)}") from err
            if not isinstance(message, dict):
                raise WireError(f"a message must be an object, got {type(message).__name__}")
            messages.append(message)
            del self._buffer[:end]
