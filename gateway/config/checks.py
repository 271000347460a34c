"""Checks that need more than one value: links, drivers, ports used twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.config.context import Context
from gateway.config.document import Document
from gateway.config.elsewhere import key_of_other_driver, key_of_other_protocol, no_driver
from gateway.config.explain import keys, validate
from gateway.config.fields import MAX_SENDER_CHARS, is_sender_name
from gateway.config.models import LinkSection, SensorSection
from gateway.config.option_checks import check_options, refuse
from gateway.config.problems import Location, Problem, choices, path_text, shown
from gateway.config.secret_values import holds_secret
from gateway.naming import CHARACTERS, is_name

if TYPE_CHECKING:
    from drivers.options import Option


def read_links(context: Context) -> dict[str, LinkSection]:
    """The links that are right; the others are noted in the document."""
    section, document, catalog = context.section("links"), context.document, context.catalog
    if not isinstance(section, dict):
        document.complain(
            ("links",), f"expected a mapping of links, got {shown(section)}; write: {_LINK_EXAMPLE}"
        )
        return {}
    links: dict[str, LinkSection] = {}
    port_lines: dict[str, tuple[str, int]] = {}
    for name, value in section.items():
        path: Location = ("links", name)
        if not is_name(name):
            document.complain(path, f"expected a link's name of {CHARACTERS}")
        before = len(document.problems)
        link = validate(LinkSection, value, path, document, _LINK)
        if link is not None:
            links[name] = link
        if not isinstance(value, dict):
            continue
        protocol = _protocol_of(value)
        if protocol in catalog.protocols():
            table = _table(partial(catalog.link_options, protocol), (*path, "protocol"), document)
            if table is None:
                continue
            elsewhere = partial(key_of_other_protocol, catalog, protocol, "protocol" in value)
            parsed = check_options(table, keys(LinkSection), value, path, document, elsewhere)
            _check_together(partial(catalog.check_link, protocol), value, parsed, path, document)
            if link is not None and holds_secret(path, document):  # by now it is what it stands for
                links[name] = LinkSection.model_validate(value)
            if value.get("identity") is not None and not catalog.tells_identity(protocol):
                text = f"nothing that speaks {protocol} says who it is; remove the key"
                document.complain((*path, "identity"), text)
        elif (*path, "protocol") not in {problem.path for problem in document.problems[before:]}:
            text = choices("protocol", protocol, catalog.protocols())
            refuse((*path, "protocol"), "a protocol's name", text, document)
        _check_port_free(name, value.get("port"), port_lines, document)
    return links


def _table(
    ask: Callable[[], Mapping[str, Option]], path: Location, document: Document
) -> Mapping[str, Option] | None:
    """The options of a driver or a protocol; None, and noted, where a package of others is broken."""
    try:
        return ask()
    except ValueError as error:
        document.complain(path, getattr(error, "problem", str(error)))
        return None


def _protocol_of(link: object) -> Any:
    """What was written, right or not."""
    default = LinkSection.model_fields["protocol"].default
    return link.get("protocol", default) if isinstance(link, dict) else None


_LINK = '{protocol: sensorline, port: "sim:"}'
_LINK_EXAMPLE = f"board: {_LINK}"
_SENSOR_EXAMPLE = "temp: {driver: temperature, link: board, channel: temp}"


def _check_port_free(
    name: str, port: object, port_lines: dict[str, tuple[str, int]], document: Document
) -> None:
    if not isinstance(port, str) or port.partition("?")[0] == "sim:":  # each of these is a board of its own
        return
    path: Location = ("links", name, "port")
    if port in port_lines:
        other, line = port_lines[port]
        text = f"the same port as links.{other} (line {line}); one link may have many sensors"
        document.complain(path, text, collides=("links", other))
    port_lines.setdefault(port, (name, document.line(path)))


def read_sensors(context: Context) -> dict[str, SensorSection]:
    """The sensors that are right; the others are noted in the document."""
    section, links = context.section("sensors"), context.section("links")
    document, catalog = context.document, context.catalog
    if not isinstance(section, dict):
        text = f"expected a mapping of sensors, got {shown(section)}; write: {_SENSOR_EXAMPLE}"
        document.complain(("sensors",), text)
        return {}
    sensors: dict[str, SensorSection] = {}
    intervals: _Intervals = {}
    link_names = list(links) if isinstance(links, dict) else []
    writes = {"link": link_names[0]} if link_names else {}
    for name, value in section.items():
        path: Location = ("sensors", name)
        if not is_sender_name(name):
            text = f"expected a name of at most {MAX_SENDER_CHARS} characters that does not begin with '#'"
            text += ", nor is $gateway" if name == "$gateway" else ""
            document.complain(path, text)
        before = len(document.problems)
        sensor = validate(SensorSection, value, path, document, writes=writes)
        if sensor is not None:
            sensors[name] = sensor
        if not isinstance(value, dict):
            continue
        wrong = {problem.path for problem in document.problems[before:]}
        for key, names in (("driver", catalog.kinds()), ("link", link_names)):
            if key in value and value[key] not in names and (*path, key) not in wrong:
                text = no_driver(value[key], names) if key == "driver" else choices(key, value[key], names)
                refuse((*path, key), f"a {key}'s name", text, document)
        driver = value.get("driver")
        if driver in catalog.kinds():
            table = _table(partial(catalog.options, driver), (*path, "driver"), document)
            if table is None:
                continue
            elsewhere = partial(key_of_other_driver, catalog, driver)
            parsed = check_options(table, keys(SensorSection), value, path, document, elsewhere)
            _check_together(partial(catalog.check_options, driver), value, parsed, path, document)
            if sensor is not None and holds_secret(path, document):  # by now it is what it stands for
                sensors[name] = SensorSection.model_validate(value)
            if sensor is not None and sensor.link in link_names and parsed.get("interval") is not None:
                _check_interval_settable(name, links[sensor.link], context)
                _check_interval(name, sensor, parsed["interval"], intervals, document)
    return sensors


def _check_interval_settable(name: str, link: object, context: Context) -> None:
    protocol = _protocol_of(link)
    try:
        refused = protocol in context.catalog.protocols() and not context.catalog.sets_intervals(protocol)
    except ValueError:  # it has been said of the link that its protocol cannot be used
        return
    if refused:
        text = f"{protocol} cannot set how often a device reports; remove the key"
        if "every" in context.catalog.link_options(protocol):
            text += ", and write `every` at the link"
        context.document.complain(("sensors", name, "interval"), text)


_Intervals = dict[tuple[str, str], tuple[str, float]]
"""By link and channel: the first sensor that sets an interval, and which."""


def _check_interval(
    name: str, sensor: SensorSection, interval: float, intervals: _Intervals, document: Document
) -> None:
    """A channel reports at one interval: that of the sensor attached last would win, by chance."""
    channel = sensor.channel or name
    other, first = intervals.setdefault((sensor.link, channel), (name, interval))
    if interval == first:
        return
    where, others = ("sensors", name, "interval"), ("sensors", other, "interval")
    shown_interval, shown_first = (
        "an interval that is not shown" if path in document.secrets else _seconds(value)
        for path, value in ((where, interval), (others, first))
    )
    what = f"channel {shown(channel)} of link {sensor.link}"
    if ("sensors", name, "channel") in document.secrets or ("sensors", name, "link") in document.secrets:
        what = "channel"
    document.complain(
        where,
        f"{shown_interval}, and {path_text(others)} (line {document.line(others)}) sets {shown_first} on the "
        f"same {what}, which has one interval; write the same in both, or remove one",
        collides=("sensors", other),
    )


def _seconds(interval: float) -> str:
    return f"{interval:g} s"


def no_sensors(name: str, context: Context) -> list[Problem]:
    """A warning: a gateway without sensors is a router. Links may find some by themselves."""
    links = context.section("links")
    found = isinstance(links, dict) and any(
        isinstance(link, dict) and link.get("discover") is True for link in links.values()
    )
    if context.section(name) or found:
        return []
    return [Problem(context.document.file, context.document.line((name,)), "there are no sensors", (name,))]


def _check_together(
    check: Callable[[dict[str, Any]], None],
    value: dict[str, Any],
    parsed: dict[str, Any],
    path: Location,
    document: Document,
) -> None:
    """What single options cannot know."""
    try:
        check(parsed)
    except ValueError as error:
        option = getattr(error, "option", None)
        # What is wrong by itself counts as not there, which is nothing more to tell.
        if any(each in value for each in getattr(error, "instead", ())):
            return
        where = (*path, option) if option in value else path
        if where == path or where not in {problem.path for problem in document.problems}:
            text = getattr(error, "problem", str(error))
            document.complain(where, f"{option!r} {text}" if text.startswith("is missing") else text)
