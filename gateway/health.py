"""What flows, and what does not: from what services, links, sensors and threads say of themselves to a
sentence for a person. Pure: no I/O, no clock of its own.

A part is unknown until it is shown that it works or that it does not: a port that is being opened, a sensor
that has said nothing yet and need not have. It fails when data does not flow, by the rules that make a value
stale; so a node that sleeps is well as long as its own time has not run out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drivers.link import LinkState, LinkStatus
from drivers.reading import STALE, Reading, format_ms
from gateway.service import Part, State

if TYPE_CHECKING:
    from drivers.answers import SensorStatus
    from drivers.dispatcher import DispatcherStatus
    from gateway.config import LeftOut
    from gateway.data_folder import FolderStatus
    from gateway.history.recorder import Status as HistoryStatus
    from gateway.mqtt.status import Status as MqttStatus

HELD_S = 10.0
"""A listener that has held the dispatcher for so long holds up everybody's values: a live read of its own
takes 3 s."""
_NOT_TOLD = "what is wrong names its port, which the config keeps secret; see the log"
_WORST_FIRST = (State.FAILING, State.UNKNOWN, State.OK)


def report(parts: Mapping[str, Part]) -> dict[str, Any]:
    """`{"status", "parts": {name: {"status", "message", …}}}`; the whole is as its worst part is."""
    return {
        "status": str(_worst(parts)),
        "parts": {name: part.as_data() for name, part in parts.items()},
    }


def of_left_out(left_out: LeftOut) -> Part:
    """A part of the config that cannot be used."""
    return Part(State.FAILING, left_out.reason)


def of_link(link: LinkStatus, now: float, *, secret: bool = False) -> Part:
    """`secret`: its port is not to be told. `now`: monotonic, as `link.since`."""
    facts: dict[str, Any] = {"state": str(link.state), "since": round(max(0.0, now - link.since), 3)}
    if link.state is LinkState.UP:
        devices = sorted(filter(None, link.devices))
        up = f"up, with {len(devices)} devices" if devices else "up"
        return Part(State.OK, f"{up}; {link.warning}" if link.warning else up, facts)
    if link.state is LinkState.CLOSED:
        return Part(State.UNKNOWN, "not opened yet", facts)
    if link.reason is None:
        doing = "asking who is there" if link.state is LinkState.GREETING else "being opened"
        return Part(State.UNKNOWN, doing, facts)
    return Part(State.FAILING, _NOT_TOLD if secret else link.reason, facts)


def of_sensor(sensor: SensorStatus, link: Part, absence: str | None, may_be_unseen: bool) -> Part:
    """`link`: how its link fares; `absence`: why its device is not there though the link is up, None while it
    is; `may_be_unseen`: one that has not been there since the start need not have said anything yet."""
    facts = _facts(sensor)
    if link.state is not State.OK:
        return Part(link.state, f"its link: {link.message}", facts)
    if sensor.problem is not None:
        return Part(State.FAILING, sensor.problem, facts)
    if absence is not None:
        if sensor.age_s is None and may_be_unseen:
            return Part(State.UNKNOWN, f"not heard since the start: {absence}", facts)
        return Part(State.FAILING, f"{absence}{_last_heard(sensor)}", facts)
    if not sensor.connected:
        return Part(State.UNKNOWN, "its device has just come", facts)
    return _of_values(sensor, facts)


def _of_values(sensor: SensorStatus, facts: Mapping[str, Any]) -> Part:
    """Its device is there."""
    last = sensor.last
    if last is None:
        if sensor.fault is not None:
            return Part(State.FAILING, sensor.fault, facts)
        return Part(State.UNKNOWN, f"no value yet; {_expected(sensor.stale_after)}", facts)
    if last.quality == STALE:
        expected = _expected(sensor.stale_after)
        return Part(State.FAILING, f"{last.reason}{_last_heard(sensor)}; {expected}", facts)
    suspect = f", {last.quality}: {last.reason}" if last.reason is not None else ""
    text = f"{_value(last)}, {_ago(sensor.age_s)}{suspect}; {_expected(sensor.stale_after)}"
    return Part(State.OK, text, facts)


def of_device(sensors: Mapping[str, Part]) -> Part:
    """A device by the sensors that are on it: as its worst one. `heard`: the seconds since its newest
    value."""
    worst = _worst(sensors)
    name, part = next((name, part) for name, part in sensors.items() if part.state is worst)
    others = sum(other.state is worst for other in sensors.values()) - 1
    more = f" (and {others} more)" if others else ""
    ages = [part.facts["age"] for part in sensors.values() if part.facts["age"] is not None]
    facts = {
        "heard": min(ages, default=None),
        "sensors": {name: part.as_data() for name, part in sensors.items()},
    }
    return Part(worst, f"{name}: {part.message}{more}", facts)


def of_dispatcher(dispatcher: DispatcherStatus) -> Part:
    """The thread that runs the listeners."""
    facts = {
        "busy": round(dispatcher.busy_s, 3),
        "waiting": dispatcher.waiting,
        "dropped": dispatcher.dropped,
    }
    waits = _waits(dispatcher.waiting)
    if not dispatcher.running:
        return Part(State.FAILING, f"its thread has ended, {waits}: start the gateway again", facts)
    if dispatcher.busy_s > HELD_S:
        held = f"a listener has held it for {dispatcher.busy_s:.0f} s, {waits}"
        return Part(State.FAILING, f"{held}; the log names it when it returns", facts)
    if dispatcher.waiting >= dispatcher.capacity:
        return Part(State.FAILING, f"its listeners are too slow: {waits}, what comes now is dropped", facts)
    return Part(State.OK, waits, facts)


def of_mqtt(broker: str, mqtt: MqttStatus) -> Part:
    """The connection to the broker called `broker`. What belongs to topics that it does not take does not
    flow."""
    facts = {
        "connected": mqtt.connected,
        "waiting": mqtt.waiting,
        "lost": mqtt.lost,
        "left_out": dict(mqtt.aside),
    }
    waits = _waits(mqtt.waiting + mqtt.unread)
    if mqtt.connected:
        state = State.FAILING if mqtt.aside else State.OK
        return Part(state, f"connected to {broker}, {waits}{_left_out(mqtt.aside)}", facts)
    if mqtt.problem is None:
        return Part(State.UNKNOWN, f"connecting to {broker}", facts)
    return Part(State.FAILING, f"no connection to {broker}: {mqtt.problem}; {waits}", facts)


def _left_out(topics: Mapping[str, str]) -> str:
    """What the broker does not take: the first of it."""
    for topic, why in topics.items():
        others = len(topics) - 1
        return f"; left out: {topic}: {why}" + (f" (and {others} more)" if others else "")
    return ""


def of_database(problem: str | None) -> Part:
    """The file that events wait in; `problem`: why it cannot be used, None while it can."""
    if problem is None:
        return Part(State.OK, "can be written")
    return Part(State.FAILING, f"cannot be used: {problem}; what waits is in memory alone")


def of_history(history: HistoryStatus) -> Part:
    """What is kept of what was said."""
    until = history.written_until
    facts = {
        "written_until": None if until is None else format_ms(until),
        "waiting": history.waiting,
        "lost": history.lost,
    }
    waits = _waits(history.waiting)
    if history.problem is not None:
        lost = f", {history.lost} are lost" if history.lost else ""
        return Part(State.FAILING, f"cannot be written: {history.problem}; {waits} in memory{lost}", facts)
    if not history.opened:
        return Part(State.UNKNOWN, "being opened", facts)
    if until is None:
        return Part(State.OK, f"written without times until the clock is set; {waits}", facts)
    return Part(State.OK, f"written until {format_ms(until)}; {waits}", facts)


def of_clock(clock: Mapping[str, Any]) -> Part:
    """The machine's clock, by `WallClock.status`. While it is not believed, values flow, and say so."""
    facts = {key: clock[key] for key in ("synchronised", "step", "step_ago")}
    return Part(State.OK if clock["believed"] else State.UNKNOWN, str(clock["why"]), facts)


def of_folder(folder: FolderStatus) -> Part:
    """The data folder."""
    return Part(State.OK, "can be written") if folder.usable else Part(State.FAILING, folder.message)


def _worst(parts: Mapping[str, Part]) -> State:
    states = {part.state for part in parts.values()}
    return next((state for state in _WORST_FIRST if state in states), State.UNKNOWN)


def _facts(sensor: SensorStatus) -> dict[str, Any]:
    """`age` and `stale_after` in seconds."""
    return {
        "last": sensor.last.as_data() if sensor.last is not None else None,
        "age": round(sensor.age_s, 3) if sensor.age_s is not None else None,
        "stale_after": sensor.stale_after,
    }


def _waits(events: int) -> str:
    return f"{events or 'no'} event{'s wait' if events > 1 else ' waits'}"


def _expected(stale_after: float | None) -> str:
    if stale_after is None:
        return "it has one when it is asked"
    return f"one is expected within {_span(stale_after)}"


def _last_heard(sensor: SensorStatus) -> str:
    """With the value, where it is known."""
    if sensor.age_s is None:
        return ""
    what = f", {_value(sensor.last)}," if sensor.last is not None and sensor.last.value is not None else ""
    return f"; its last value{what} came {_ago(sensor.age_s)}"


def _value(reading: Reading) -> str:
    return f"{reading.value:.6g} {reading.unit}"


def _ago(seconds: float | None) -> str:
    return f"{_span(seconds or 0.0)} ago"


def _span(seconds: float) -> str:
    """`0.4 s`, `90 s`, `20 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.3g} h"
