"""The keys of a link whose source is on a port."""

import re

from drivers.options import Option, finite
from drivers.stream.port_settings import PARITIES, STOP_BITS
from drivers.stream.ports import parse_port

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BAUD = (50, 4_000_000)


def port_options(baud: int) -> dict[str, Option]:
    """`baud`: what a protocol's boards use if nobody says otherwise."""
    return {
        "port": Option(
            _port, None, "a port", "Where the board is, see Ports below.", required=True, write='"sim:"'
        ),
        "baud": Option(
            _baud,
            baud,
            f"a whole number from {_BAUD[0]} to {_BAUD[1]}",
            "Bits a second; matters on real serial lines only.",
            write=str(baud),
        ),
        "parity": Option(_parity, "none", "none, even or odd", "The parity bit of each byte.", write="even"),
        "stop_bits": Option(_stop_bits, 1, "1 or 2", "Stop bits of each byte.", write="2"),
        "dtr": Option(
            _on_off,
            None,
            "on or off",
            "The line DTR while the port is open, see Ports; left alone by default.",
            write="off",
        ),
        "rts": Option(
            _on_off,
            None,
            "on or off",
            "The line RTS while the port is open, see Ports; left alone by default.",
            write="off",
        ),
    }


def _port(raw: object) -> str:
    """A text that can name a port; whether there is one shows on opening it."""
    if not isinstance(raw, str) or not raw.strip() or _UNPRINTABLE.search(raw):
        raise ValueError(f"expected a port, got {raw!r}{' (a number)' if finite(raw) is not None else ''}")
    parse_port(raw)
    return raw


def _baud(raw: object) -> int:
    low, high = _BAUD
    if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
        raise ValueError(f"expected a whole number from {low} to {high}, got {raw!r}")
    return raw


def _parity(raw: object) -> str:
    if raw not in PARITIES:
        raise ValueError(f"expected {', '.join(PARITIES[:-1])} or {PARITIES[-1]}, got {raw!r}")
    return str(raw)


def _stop_bits(raw: object) -> int:
    if isinstance(raw, bool) or raw not in STOP_BITS:
        raise ValueError(f"expected 1 or 2, got {raw!r}")
    return int(str(raw))


def _on_off(raw: object) -> bool:
    """YAML reads `on` and `off` as true and false."""
    if raw is True or raw is False:
        return raw
    raise ValueError(f"expected on or off, got {raw!r}")
