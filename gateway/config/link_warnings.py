"""What is not wrong with a link, and most likely not what was meant: its protocol says so."""

from __future__ import annotations

from gateway.config.context import Context
from gateway.config.models import LinkSection
from gateway.config.problems import Location, Problem


def link_warnings(name: str, context: Context) -> list[Problem]:
    """Of links without errors."""
    found = []
    for link, value in context.section(name).items():
        protocol = value.get("protocol", LinkSection.model_fields["protocol"].default)
        table = context.catalog.link_options(protocol)
        parsed = {
            key: option.default if value.get(key) is None else option.parse(value[key])
            for key, option in table.items()
        }
        try:
            warnings = context.catalog.link_warnings(protocol, parsed)
        except ValueError as error:
            warnings = [("protocol", str(error))]
        for option_name, text in warnings:
            path: Location = (name, link, option_name)
            found.append(Problem(context.document.file, context.document.line(path), text, path))
    return found
