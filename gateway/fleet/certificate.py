"""What a certificate says: whose it is, of which site, and until when. Pure. Source: X.690, RFC 5280.

Python's ssl tells that of the other end's certificate alone, and what else could read one (`cryptography`) is
not on every gateway: it has no wheel for 32-bit ARM. Nothing of OpenSSL's is needed here.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

HEADER, FOOTER = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_VERSION, _UTC_TIME, _OBJECT = 0xA0, 0x17, 0x06
_COMMON_NAME, _UNIT = b"\x55\x04\x03", b"\x55\x04\x0b"
"""2.5.4.3 and 2.5.4.11."""


class Certificate(NamedTuple):
    """`name`: its common name, `site`: its organizational unit, each "" if it has none. `end`: the last
    second in which it is valid."""

    name: str
    end: datetime
    site: str = ""


class _Item(NamedTuple):
    """An element of DER."""

    tag: int
    content: bytes


class Owner(NamedTuple):
    """Whose a certificate is. `name`: None of one that is too long to stand there."""

    role: str
    name: str | None
    generation: int

    def __str__(self) -> str:
        return f"the {self.role} {self.name}" if self.name else f"a {self.role} of another name"


def owner_of(common_name: str) -> Owner | None:
    """None if `fleet enrol` makes no such names."""
    from gateway.fleet.members import Role  # with it comes OpenSSL, which a gateway without TLS does without

    role, _, rest = common_name.partition(":")
    name, colon, generation = rest.rpartition(":")
    if role not in set(Role) or not colon or not name or not generation.isdecimal():
        return None
    return Owner(role, None if name.startswith("#") else name, int(generation))


def certificate_of(pem: str) -> Certificate:
    """The first in a text. Raises ValueError if there is none that can be read."""
    try:
        begin = pem.index(HEADER) + len(HEADER)
        (whole,) = _items(a2b_base64(pem[begin : pem.index(FOOTER, begin)]))
        parts = list(_items(next(_items(whole.content)).content))
        if parts[0].tag == _VERSION:
            del parts[0]
        _serial, _algorithm, _issuer, validity, subject, *_ = parts
        _begin, until = _items(validity.content)
        return Certificate(_text(subject, _COMMON_NAME), _time(until), _text(subject, _UNIT))
    except (IndexError, StopIteration, ValueError) as error:
        raise ValueError(f"it is no certificate, PEM ({str(error) or type(error).__name__})") from None


def _items(data: bytes) -> Iterator[_Item]:
    """What stands one after the other. Raises IndexError, ValueError."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            more = length - 0x80
            length, at = int.from_bytes(data[at : at + more], "big"), at + more
        if at + length > len(data):
            raise ValueError("it ends too early")
        yield _Item(tag, data[at : at + length])
        at += length


def _text(subject: _Item, wanted: bytes) -> str:
    for names in _items(subject.content):
        for each in _items(names.content):
            kind, value = _items(each.content)
            if kind == _Item(_OBJECT, wanted):
                return value.content.decode(errors="replace")
    return ""


def _time(item: _Item) -> datetime:
    """UTCTime until 2049, GeneralizedTime from then on."""
    text = item.content.decode()
    form = "%y%m%d%H%M%SZ" if item.tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)
