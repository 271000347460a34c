"""The bus that the simulator is, where a link's port is `sim:`: with the link's own slaves on it."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote

from drivers.modbus.options import SlaveOptions

SIM = "sim:"
STAND_IN = "xy-md02"
"""What the simulator is at the id of a slave that has registers of its own and no profile."""


def simulated_port(port: str, slaves: Mapping[str, SlaveOptions]) -> str:
    """`port`, and if it is the simulator's, and says neither which slaves it has nor what to say again, with
    those of the link."""
    path, _, query = port.partition("?")
    if not port.startswith(SIM) or {"slaves", "replay"} & _options(query).keys():
        return port
    listed = ",".join(f"{slave.id}:{slave.profile or STAND_IN}" for slave in slaves.values())
    return f"{path}?{query}{'&' * bool(query)}slaves={quote(listed, safe=':,')}"


def unlike(port: str, slaves: Mapping[str, SlaveOptions]) -> Iterator[str]:
    """What is to be known of a simulated bus: slaves that it does not have, or not as the link has them."""
    _, _, query = port.partition("?")
    options = _options(query)
    if not port.startswith(SIM) or "replay" in options:
        return
    simulated = dict(item.split(":", 1) for item in options.get("slaves", "").split(",") if ":" in item)
    for name, slave in slaves.items():
        if "slaves" in options:
            found = simulated.get(str(slave.id))
            what = f"{slave.id}:{slave.profile or STAND_IN}"
            if found is None:
                yield f"{name}: the simulated bus has no slave {slave.id}; write slaves={what},… in the port"
            elif slave.profile is not None and found != slave.profile:
                yield f"{name}: slave {slave.id} of the simulated bus is {found}, not {slave.profile}"
        elif slave.profile is None:
            text = f"{name}: the simulator knows slaves by their profile; at {slave.id} it is {STAND_IN}"
            yield f"{text}, whatever registers are written here"


def _options(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))
