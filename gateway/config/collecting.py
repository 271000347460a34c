"""From a `collect.yaml` to a `CollectConfig`, or a `ConfigError` with everything that is wrong.

It has sections of its own, and shares `http`, `history` and `log` with a gateway's config: what reads those
is given the `Config` of a gateway that has nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_type_hints

from gateway.config.catalog import Drivers
from gateway.config.collect import CollectedFleetSection, CollectSection, check_collect, check_collected_fleet
from gateway.config.context import Context
from gateway.config.document import Document
from gateway.config.explain import complain_of_key
from gateway.config.loading import Config, credentials_here, parsed
from gateway.config.models import GatewaySection, HistorySection, RouterSection
from gateway.config.paths import make_absolute
from gateway.config.problems import ConfigError, in_order_of_the_file, shown
from gateway.config.sections import Entry, always, entries
from gateway.config.yaml_warnings import yaml_warnings

SHARED = ("http", "history", "log")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sections:
    collect: Annotated[CollectSection, always(CollectSection, check_collect)]
    fleet: Annotated[CollectedFleetSection, always(CollectedFleetSection, check_collected_fleet)]


@dataclass(frozen=True, slots=True)
class CollectConfig:
    """A config without errors. `shared`: what it has in common with a gateway's: paths, secrets, warnings,
    and the sections `http`, `history` and `log`; its `gateway` has the collector's name and data folder."""

    shared: Config
    collect: CollectSection
    fleet: CollectedFleetSection
    history: HistorySection

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.shared.beside(self.collect.data)


def is_collect(path: Path) -> bool:
    """Whether that is a collector's config, as far as it can be read."""
    try:
        tree = parsed(path, None, past_denied=True).tree
    except ConfigError:
        return False
    return isinstance(tree, dict) and "collect" in tree


def load_collect(path: Path, environ: Mapping[str, str] | None = None) -> CollectConfig:
    """Read and check it; raises ConfigError. `environ` is for tests."""
    document = parsed(path, environ, past_denied=False)
    config = _build(path, document, credentials_here(environ))
    if config is None:
        raise ConfigError(document.problems)
    return config


def _entries() -> dict[str, Entry]:
    own = get_type_hints(_Sections, include_extras=True)
    shared = entries()
    mine = {name: hint.__metadata__[0] for name, hint in own.items()}
    return mine | {name: shared[name] for name in SHARED}


def _build(path: Path, document: Document, credentials: Path | None) -> CollectConfig | None:
    tree, sections = document.tree, _entries()
    if tree is None:
        return None
    if not isinstance(tree, dict):
        text = f"expected a mapping with the sections {', '.join(sections)}, got {shown(tree)}"
        document.complain((), text)
        return None
    for key in tree:
        if key not in sections:
            complain_of_key(document, (key,), [*sections])
    make_absolute(tree, path.parent)
    context = Context(document, Drivers(), path.parent, credentials)
    read: dict[str, Any] = {name: section.read(name, context) for name, section in sections.items()}
    _check_window(context)
    if document.problems:
        return None
    warnings = [one for name, section in sections.items() for one in section.warn(name, context)]
    warnings += yaml_warnings(document, {name: section.model for name, section in sections.items()})
    collect = cast(CollectSection, read["collect"])
    shared = Config(
        path=path,
        warnings=tuple(in_order_of_the_file(warnings)),
        lines=document.lines,
        secrets=document.secrets,
        text=document.text,
        credentials=credentials,
        gateway=GatewaySection(name=collect.name, data=collect.data),
        router=RouterSection(),
        links={},
        sensors={},
        mqtt=None,
        fleet=None,
        **{name: read[name] for name in SHARED},
    )
    return CollectConfig(shared, collect, read["fleet"], read["history"] or HistorySection())


def _check_window(context: Context) -> None:
    section = context.section("history")
    if isinstance(section, dict) and "window" in section:
        text = "a collector's is in `collect`; write it there: collect: {window: 1s}"
        context.document.complain(("history", "window"), text)
