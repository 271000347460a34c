"""Whether the channels that sensors take are on their links, where a link's options say which there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gateway.config.context import Context
from gateway.config.models import LinkSection
from gateway.config.option_checks import refuse
from gateway.config.problems import choices


def check_channels(context: Context) -> None:
    """Of links and sensors that are right so far; what is wrong is noted in the document."""
    links, sensors = context.section("links"), context.section("sensors")
    wrong = {problem.path[:2] for problem in context.document.problems}
    if not isinstance(links, dict) or not isinstance(sensors, dict) or wrong & {("links",), ("sensors",)}:
        return
    known: dict[str, Collection[str] | None] = {}
    for name, link in links.items():
        if ("links", name) not in wrong and isinstance(link, dict):
            try:
                known[name] = _channels(link, context)
            except ValueError as error:
                context.document.complain(("links", name, "protocol"), str(error))
    for name, sensor in sensors.items():
        if ("sensors", name) in wrong or not isinstance(sensor, dict):
            continue
        link, channel = sensor.get("link"), sensor.get("channel") or name
        channels = known.get(str(link))
        if channels is not None and channel not in channels:
            path = ("sensors", name, "channel") if sensor.get("channel") else ("sensors", name)
            text = choices("channel", channel, channels, f" on link {link}")
            refuse(path, "a channel of its link", text, context.document)


def _channels(link: dict[str, Any], context: Context) -> Collection[str] | None:
    protocol = link.get("protocol", LinkSection.model_fields["protocol"].default)
    parsed = {
        key: option.default if link.get(key) is None else option.parse(link[key])
        for key, option in context.catalog.link_options(protocol).items()
    }
    return context.catalog.channels(protocol, parsed)
