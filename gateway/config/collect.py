"""The sections of `collect.yaml` that no gateway's config has: what is collected, and of which fleet."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from gateway.config.context import Context
from gateway.config.enrolled import not_collected, of_collector
from gateway.config.fields import Name, Section, Text, field
from gateway.config.fleet_checks import check_owner, check_reach
from gateway.config.reach import Certificates, Routers
from gateway.config.spans import Span
from gateway.naming import CHARACTERS, is_name

POSTGRES = ("postgresql://", "postgres://")


def _check_postgres(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(POSTGRES):
        raise ValueError("not a URL of PostgreSQL")
    return url


class CollectSection(Section):
    """`collect`: what the collector is called, and what it keeps where."""

    name: Name = field(
        "collector",
        "What this collector is called at the gateways: each names its consumers, and keeps what they have "
        "not confirmed.",
        f"a name of {CHARACTERS}",
        "collector",
        quote=True,
        name=True,
    )
    sites: list[Name] = field(
        [],
        "The sites whose gateways are collected; left out, all.",
        "a list of sites' names",
        "[north, south]",
    )
    data: Text = field(
        "./data",
        "Folder for what the collector keeps: a history.db for each site; relative to the config file.",
        "a folder's path",
        "./data",
    )
    window: Annotated[Span, Field(ge=1, le=300)] = field(
        1.0,
        "How often is written. Until then a gateway keeps its events, so a kill loses none.",
        "a time span from 1s to 5min; a number is seconds",
        "1s",
    )
    postgres: Annotated[SecretStr, AfterValidator(_check_postgres)] | None = field(
        None,
        "A PostgreSQL database for the history of all sites, instead of their files. Keep its password out "
        "of the file: `!env NAME` or `!file PATH`.",
        "a URL such as postgresql://user@host/database",
        "!env COLLECT_POSTGRES",
        secret=True,
        quote=True,
    )


class CollectedFleetSection(Section):
    """`fleet`: how the collector reaches the gateways."""

    routers: Routers
    tls: Certificates


def check_collect(made: CollectSection | None, context: Context) -> None:
    """Not two histories; a name once."""
    section = context.section("collect")
    if made is None or not isinstance(section, dict):
        return
    for index, site in enumerate(made.sites):
        if site in made.sites[:index]:
            context.document.complain(("collect", "sites", index), f"{site!r} is there twice; remove one")


def check_collected_fleet(made: CollectedFleetSection | None, context: Context) -> None:
    """Routers that can be reached safely, certificates that work, and are this collector's."""
    if made is None:
        return
    check_reach(made.routers, made.tls, context)
    section = context.section("collect")
    name = section.get("name", CollectSection().name) if isinstance(section, dict) else None
    if made.tls is None or not isinstance(name, str) or not is_name(name):
        return
    found = check_owner(made.tls, lambda found: of_collector(found, name), context)
    sites = section.get("sites", [])
    if not isinstance(sites, list) or not all(isinstance(site, str) for site in sites):
        return  # that has been noted
    if found is not None and (text := not_collected(found, sites)):
        context.document.complain(("collect", "sites"), text)
