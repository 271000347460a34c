"""What was: history, and all of it out and in."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.arguments import Name
from gateway.cli.commands.group import cli
from gateway.cli.commands.options import WHEN, config_option, connect_options, url_of_one
from gateway.cli.common import config_at


@cli.command()
@click.argument("sender", type=Name())
@click.option("--since", metavar="T", default="24h", show_default=True, help=f"From when: {WHEN}.")
@click.option("--until", metavar="T", help="To when, likewise; now, if it is left out.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    help="A table for people, or what the HTTP API answers.  [default: table]",
)
@click.option("--plot", is_flag=True, help="Draw a chart, as large as the terminal is.")
@click.option(
    "--points",
    type=click.IntRange(1, 5000),
    metavar="N",
    help="At most so many.  [default: 500, a table 50]",
)
@config_option
@connect_options
@click.pass_context
def history(
    ctx: click.Context,
    sender: str,
    since: str,
    until: str | None,
    form: str | None,
    plot: bool,
    points: int | None,
    path: Path | None,
    url: str,
    token: str | None,
) -> int:
    """Show what a sensor has said: a table, CSV, JSON, a chart.

    Each row is of some time, with its last, least, greatest and mean value. While the gateway runs or not;
    from one that runs comes what it has not written yet.
    """
    from gateway.cli.history import Asked
    from gateway.cli.history import history as show

    if plot and (form is not None or points is not None):
        raise click.UsageError("--plot draws: it goes with neither --format nor --points")
    by_default = ctx.get_parameter_source("url") is click.core.ParameterSource.DEFAULT
    where = None if by_default else url if path is None else url_of_one(url)
    asked = Asked(sender, since, until, points, where, token)
    return show(config_at(path), asked, form=form or "table", plot=plot)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--since", metavar="T", help=f"From when: {WHEN}; all, if it is left out.")
@click.option("--until", metavar="T", help="To when, likewise.")
@click.option("--sender", "names", metavar="NAME", multiple=True, help="Of this one alone; may come again.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    help="CSV or JSON lines.  [default: by FILE's name]",
)
@config_option
def export(
    file: Path,
    since: str | None,
    until: str | None,
    names: tuple[str, ...],
    form: str | None,
    path: Path | None,
) -> int:
    """Write history and events to FILE (- is standard output).

    While the gateway runs or not; what it has not written yet is not in it.
    """
    from gateway.cli.exporting import export as export_it

    return export_it(config_at(path), file, since=since, until=until, names=names, form=form)


@cli.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Leave lines out that cannot be read.")
@click.option("--sender", metavar="NAME", help="Whose values they are, in CSV of others: time,value.")
@click.option("--unit", metavar="UNIT", help="What they are in.")
@config_option
def import_(file: Path, skip_bad: bool, sender: str | None, unit: str | None, path: Path | None) -> int:
    """Bring what `export` wrote, or CSV, into the history.

    The gateway must not run. All lines are checked first. What is there already stays, so it can be done
    again.
    """
    from gateway.cli.importing import import_ as import_it
    from gateway.history.transfer.reading import Names

    return import_it(config_at(path), file, Names(sender, unit), skip_bad=skip_bad)
