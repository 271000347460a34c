"""The options of a link, for each protocol: what the config takes beside `protocol` and `identity`.

The config's validation and its reference are made from these tables.
"""

import re
from collections.abc import Mapping

from drivers.options import Option, finite
from drivers.ports import parse_port

MIN_BAUD, MAX_BAUD = 50, 4_000_000

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BAUD = f"a whole number from {MIN_BAUD} to {MAX_BAUD}"


def parse_port_name(raw: object) -> str:
    """A text that can name a port; whether there is one shows on opening it."""
    if not isinstance(raw, str) or not raw.strip() or _UNPRINTABLE.search(raw):
        raise ValueError(f"expected a port, got {raw!r}{' (a number)' if finite(raw) is not None else ''}")
    parse_port(raw)
    return raw


def parse_baud(raw: object) -> int:
    """Bits a second."""
    if isinstance(raw, int) and not isinstance(raw, bool) and MIN_BAUD <= raw <= MAX_BAUD:
        return raw
    raise ValueError(f"expected {_BAUD}, got {raw!r}")


_TABLES: Mapping[str, Mapping[str, Option]] = {
    "sensorline": {
        "port": Option(
            parse_port_name,
            None,
            "a port",
            "Where the board is, see Ports below.",
            required=True,
            write='"sim:"',
        ),
        "baud": Option(
            parse_baud,
            115200,
            _BAUD,
            "Bits a second; matters on real serial lines only.",
            write="115200",
        ),
    }
}


def link_options(protocol: str) -> Mapping[str, Option]:
    """The options of a link that speaks `protocol`, one of `protocol_names()`."""
    return _TABLES[protocol]
