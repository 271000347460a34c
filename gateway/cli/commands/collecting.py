"""The collector: a whole fleet's events into history, and one dashboard over all its gateways."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.commands.group import cli


@cli.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=None,
    help="The collector's config file.  [default: collect.yaml]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def collect(path: Path | None, verbose: bool) -> int:
    """Collect a fleet's events, until Ctrl-C or SIGTERM.

    Beside a router of the fleet: what its gateways say is kept in the history of each site, or in
    PostgreSQL, and shown on one dashboard. See docs/collect.md.
    """
    from gateway.cli.collect import collect as collect_it

    return collect_it(path, verbose=verbose)
