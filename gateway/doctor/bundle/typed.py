"""Private values from the text of a config that is no YAML: then nothing says which value is whose, and an
error may quote any of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from pydantic import BaseModel

from gateway.config.catalog import Drivers
from gateway.config.models import LinkSection, SensorSection
from gateway.config.sections import entries
from gateway.doctor.bundle.scrubber import Private

LEAST = 4
_WORD = re.compile(r"[^\s\"'{}\[\],]+")
_HARMLESS = re.compile(r"[-+]?[\d.]{1,5}[a-zA-Z%]{0,3}|true|false|null")


def typed(text: str) -> Iterator[Private]:
    """All that stands behind a colon, whole and by its words, but for the words that configs are made of."""
    known = _known()
    for line in text.splitlines():
        value = line.partition(":")[2] if ":" in line else line
        for whole in {value.strip(), value.partition(" #")[0].strip(), value.strip().strip("\"'")}:
            if len(whole) >= LEAST and whole not in known and not _HARMLESS.fullmatch(whole):
                yield Private("secret", whole)
        for word in _WORD.findall(value.partition(" #")[0]):
            for part in {word, word.rstrip(":")}:
                if len(part) >= LEAST and part not in known and not _HARMLESS.fullmatch(part):
                    yield Private("secret", part)


def _known() -> set[str]:
    catalog = Drivers()
    models: list[type[BaseModel]] = [LinkSection, SensorSection]
    models += [entry.model for entry in entries().values()]
    words = {*entries(), *catalog.kinds(), *catalog.protocols()}
    for model in models:
        words |= model.model_fields.keys()
    for kind in catalog.kinds():
        with suppress(ValueError):  # somebody else's, and broken
            words |= catalog.options(kind).keys()
    for protocol in catalog.protocols():
        with suppress(ValueError):
            words |= catalog.link_options(protocol).keys()
    return words | {"!env", "!file", "cert", "size", "count"}
