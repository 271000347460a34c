"""Many gateways: a router of a fleet, and who is in the fleet. With the extra `fleet`."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.arguments import Name
from gateway.cli.commands.group import cli
from gateway.cli.commands.options import json_option

dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("fleet"),
    show_default="./fleet",
    metavar="DIR",
    help="The fleet's folder, with its authority.",
)


@cli.command("fleet-router")
@click.option("--listen", multiple=True, metavar="URL", help="Where members come: tls://0.0.0.0[:7447].")
@click.option(
    "--connect",
    multiple=True,
    metavar="URL",
    help="Another router of the fleet: tls://host[:7447]; not one that connects to this.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The router's certificate and the list of members: what `fleet enrol NAME --router` made.",
)
@click.option("-c", "--config", "path", type=click.Path(path_type=Path), help="A file that says the three.")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def fleet_router(
    listen: tuple[str, ...], connect: tuple[str, ...], folder: Path | None, path: Path | None, verbose: bool
) -> int:
    """Run a router of a fleet, until Ctrl-C or SIGTERM.

    It passes on what gateways say and are asked, to whom the list of members allows it. Without certificates
    only on this machine: --listen tcp://127.0.0.1.
    Exit status 0; 1 if it cannot listen; 2 for wrong options, or certificates that are not there.
    """
    from gateway.cli.fleet_config import asked_of
    from gateway.cli.fleet_router import fleet_router as run

    asked = asked_of(path, listen, connect, folder)
    return 2 if asked is None else run(asked, verbose=verbose)


@cli.group()
def fleet() -> None:
    """Who is in a fleet of gateways, and what each may do."""


@fleet.command()
@click.argument("name", type=Name())
@dir_option
@click.option("--router", metavar="HOST[,HOST…]", help="A router, which members reach by these names.")
@click.option("--collector", metavar="SITE", help="A collector of that site; `all` for every site.")
@click.option("--reader", is_flag=True, help="Who reads everything: a script, or the command line.")
@click.option("--ask", is_flag=True, help="With --reader: and may send requests.")
@click.option("--again", is_flag=True, help="A new key, which leaves the old certificate without rights.")
def enrol(
    name: str, folder: Path, router: str | None, collector: str | None, reader: bool, ask: bool, again: bool
) -> int:
    """Make a key and a certificate for NAME.

    And say what to copy and to write. NAME is site/gateway of a gateway, such as north/greenhouse, and one
    word of others. The first of a folder makes the fleet's authority as well. Exit status 0; 1 if it cannot
    be.
    """
    from gateway.cli.fleet import enrol as enrol_it

    hosts = tuple(part.strip() for part in router.split(",")) if router is not None else ()
    return enrol_it(folder, name, again=again, hosts=hosts, site=collector or "", reads=reader, asks=ask)


@fleet.command("list")
@json_option
@dir_option
def list_(as_json: bool, folder: Path) -> int:
    """Say who is enrolled, and what each may do.

    And whose certificates end soon.

    Exit status 0; 1 if one has ended.
    """
    from gateway.cli.fleet import list_members

    return list_members(folder, as_json=as_json)


@fleet.command()
@click.argument("name", type=Name())
@dir_option
def renew(name: str, folder: Path) -> int:
    """Make NAME a new certificate before the old one ends.

    No router need be told.

    Exit status 0; 1 if it cannot be.
    """
    from gateway.cli.fleet import renew as renew_it

    return renew_it(folder, name)


@fleet.command()
@click.argument("name", type=Name())
@dir_option
def revoke(name: str, folder: Path) -> int:
    """Take NAME's rights away, as of the routers' next start.

    Exit status 0; 1 if it cannot be.
    """
    from gateway.cli.fleet import revoke as revoke_it

    return revoke_it(folder, name)
