"""The sections of `collect.yaml` that no gateway's config has: what is collected, and of which fleet."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from gateway.config.certificates import check_authority, check_certificate, find
from gateway.config.context import Context
from gateway.config.fields import Name, Section, Text, field
from gateway.config.spans import Span
from gateway.fleet.session import EndpointError, endpoint

_FILE = "a file's path"
_TLS_EXAMPLE = "{ca: ca.pem, cert: collector.pem, key: collector.key}"
POSTGRES = ("postgresql://", "postgres://")


def _check_router(text: str) -> str:
    endpoint(text)
    return text


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
        "a name of letters, digits, '_', '-' or '.', at most 48",
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


class MemberTlsSection(Section):
    """`fleet.tls`: who the collector is, and whom it believes."""

    ca: Text = field(..., "The fleet's authority, PEM; relative to the config file.", _FILE, "ca.pem")
    cert: Text = field(..., "The collector's own certificate, PEM.", _FILE, "collector.pem")
    key: Text = field(..., "Its private key, PEM, without a passphrase.", _FILE, "collector.key")


class CollectedFleetSection(Section):
    """`fleet`: how the collector reaches the gateways."""

    routers: list[Annotated[str, AfterValidator(_check_router)]] = field(
        ...,
        "The fleet's routers; the first that answers is used, and the next when it goes.",
        "a list of tls://host[:port], or of tcp://127.0.0.1[:port]",
        "[tls://hub1, tls://hub2]",
    )
    tls: MemberTlsSection | None = field(
        None,
        "Certificates, as `sig-gateway fleet enrol` makes them; needed with tls://.",
        "a mapping",
        _TLS_EXAMPLE,
    )


def check_collect(made: CollectSection | None, context: Context) -> None:
    """Not two histories; a name once."""
    section = context.section("collect")
    if made is None or not isinstance(section, dict):
        return
    for index, site in enumerate(made.sites):
        if site in made.sites[:index]:
            context.document.complain(("collect", "sites", index), f"{site!r} is there twice; remove one")


def check_fleet(made: CollectedFleetSection | None, context: Context) -> None:
    """What is wrong with a router's address in its own words; certificates that work, where they are
    needed."""
    section, document = context.section("fleet"), context.document
    written = section.get("routers") if isinstance(section, dict) else None
    if made is None:
        _explain_routers(written, context)
        return
    if not made.routers:
        text = "expected at least one router; write: [tls://hub1, tls://hub2]"
        document.complain(("fleet", "routers"), text)
    encrypted = any(router.startswith("tls:") for router in made.routers)
    if made.tls is None:
        if encrypted:
            text = f"tls:// needs certificates; write: tls: {_TLS_EXAMPLE}"
            document.complain(("fleet", "routers"), text)
        return
    names = {"ca": made.tls.ca, "cert": made.tls.cert, "key": made.tls.key}
    paths, readable = find(names, context, "fleet")
    if readable:
        check_certificate(paths["cert"], paths["key"], document, ("fleet", "tls"))
        check_authority(paths["ca"], document, ("fleet", "tls", "ca"))


def _explain_routers(written: Any, context: Context) -> None:
    """The model says that it is wrong, and not why."""
    for index, url in enumerate(written if isinstance(written, list) else ()):
        where = ("fleet", "routers", index)
        try:
            endpoint(url if isinstance(url, str) else str(url))
        except EndpointError as error:
            problems = context.document.problems
            problems[:] = [one for one in problems if one.path[:2] != where[:2]]
            context.document.complain(where, str(error))
            return
