"""Checks that need more than one value: links, drivers, ports used twice, tokens, certificates."""

from __future__ import annotations

from typing import Any

from gateway.config.catalog import Catalog
from gateway.config.certificates import check_certificate, unreadable
from gateway.config.context import Context
from gateway.config.document import Document
from gateway.config.explain import keys, shown_at, validate
from gateway.config.models import (
    MAX_SENDER_CHARS,
    LinkSection,
    RouterSection,
    SensorSection,
    is_link_name,
    is_sender_name,
    parse_address,
)
from gateway.config.problems import Location, Problem, choices, shown, unknown_key


def check_router(router: RouterSection | None, context: Context) -> None:
    """A token when other machines can connect; certificates that work. `router` is None if it has errors."""
    section, document, folder = context.section("router"), context.document, context.folder
    if isinstance(section, dict):
        _check_token_needed(section, document)
    if router is None or router.tls is None:
        return
    readable = True
    for key, name in (("cert", router.tls.cert), ("key", router.tls.key)):
        problem = unreadable(folder / name)
        if problem:
            readable = False
            document.complain(("router", "tls", key), f"{shown(name)} cannot be read: {problem}")
    if readable:
        check_certificate(folder / router.tls.cert, folder / router.tls.key, document, ("router", "tls"))


def _check_token_needed(section: dict[str, Any], document: Document) -> None:
    """From what was written, so that this is found together with other errors of the section."""
    listen = section.get("listen")
    if (
        section.get("token") is not None
        or ("router", "token") in document.broken
        or not isinstance(listen, str)
    ):
        return
    try:
        local = parse_address(listen).local
    except ValueError:
        return
    if not local:
        text = f"{listen} can be reached from other machines, and that needs a token"
        document.complain(("router", "listen"), f"{text}; write below it: token: !env SIG_GATEWAY_TOKEN")


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
        if not is_link_name(name):
            document.complain(path, "expected a link's name of letters, digits, '_', '-' or '.', at most 48")
        link = validate(LinkSection, value, path, document)
        if link is None:
            continue
        links[name] = link
        if link.protocol not in catalog.protocols():
            text = choices("protocol", link.protocol, catalog.protocols())
            _refuse((*path, "protocol"), "a protocol's name", text, document)
        _check_port(link.port, (*path, "port"), document, catalog)
        line = document.line((*path, "port"))
        own = link.port.partition("?")[0] == "sim:"  # without a path each is a board of its own
        if not own and link.port in port_lines:
            other, other_line = port_lines[link.port]
            text = f"the same port as links.{other} (line {other_line}); one link may have many sensors"
            document.complain((*path, "port"), text)
        port_lines.setdefault(link.port, (name, line))
    return links


_LINK_EXAMPLE = 'board: {protocol: sensorline, port: "sim:"}'
_SENSOR_EXAMPLE = "temp: {driver: temperature, link: board, channel: temp}"


def _check_port(port: str, path: Location, document: Document, catalog: Catalog) -> None:
    try:
        catalog.check_port(port)
    except ValueError as error:
        _refuse(path, "a port", getattr(error, "problem", str(error)), document)


def _refuse(path: Location, expected: str, text: str, document: Document) -> None:
    """Note `text`, which shows the value; a secret's gets less helpful words instead."""
    if path in document.secrets:
        text = f"expected {expected}, got a value that is not shown"
    document.complain(path, text)


def read_sensors(context: Context) -> dict[str, SensorSection]:
    """The sensors that are right; the others are noted in the document."""
    section, links = context.section("sensors"), context.section("links")
    document, catalog = context.document, context.catalog
    if not isinstance(section, dict):
        text = f"expected a mapping of sensors, got {shown(section)}; write: {_SENSOR_EXAMPLE}"
        document.complain(("sensors",), text)
        return {}
    sensors: dict[str, SensorSection] = {}
    link_names = list(links) if isinstance(links, dict) else []
    for name, value in section.items():
        path: Location = ("sensors", name)
        if not is_sender_name(name):
            text = f"expected a name of at most {MAX_SENDER_CHARS} characters that does not begin with '#'"
            document.complain(path, text)
        sensor = validate(SensorSection, value, path, document)
        if sensor is not None:
            sensors[name] = sensor
            _check_names(sensor, path, link_names, document, catalog)
        driver = value.get("driver") if isinstance(value, dict) else None
        if driver in catalog.kinds():
            _check_options(driver, value, path, document, catalog)
    return sensors


def no_sensors(name: str, context: Context) -> list[Problem]:
    """A warning: a gateway without sensors is a router."""
    if context.section(name):
        return []
    return [Problem(context.document.file, context.document.line((name,)), "there are no sensors", (name,))]


def _check_names(
    sensor: SensorSection, path: Location, links: list[str], document: Document, catalog: Catalog
) -> None:
    if sensor.driver not in catalog.kinds():
        text = choices("driver", sensor.driver, catalog.kinds())
        _refuse((*path, "driver"), "a driver's name", text, document)
    if sensor.link not in links:
        _refuse((*path, "link"), "a link's name", choices("link", sensor.link, links), document)


def _check_options(
    driver: str, value: dict[str, Any], path: Location, document: Document, catalog: Catalog
) -> None:
    table = catalog.options(driver)
    parsed: dict[str, Any] = {name: option.default for name, option in table.items()}
    own = keys(SensorSection)
    for key, raw in value.items():
        if key in own:
            continue
        if key not in table:
            document.complain((*path, key), unknown_key(key, [*own, *table]))
            continue
        if raw is None:
            document.complain((*path, key), f"expected {table[key].expected}, got nothing; or remove the key")
            continue
        try:
            parsed[key] = table[key].parse(raw)
        except ValueError as error:
            text = str(error)
            if isinstance(raw, bool):
                text = f"expected {table[key].expected}, got {shown_at(document, (*path, key), raw)}"
            _refuse((*path, key), table[key].expected, text, document)
    try:
        catalog.check_options(driver, parsed)
    except ValueError as error:
        option = getattr(error, "option", None)
        where = (*path, option) if option in value else path
        document.complain(where, getattr(error, "problem", str(error)))
