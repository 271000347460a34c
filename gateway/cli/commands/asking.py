"""What a running gateway is asked."""

from __future__ import annotations

import click

from gateway.cli.arguments import Name, Seconds
from gateway.cli.commands.group import cli
from gateway.cli.commands.options import connect_options, json_option, timeout_option


@cli.command()
@json_option
@connect_options
def senders(as_json: bool, url: str, token: str | None) -> int:
    """List the senders: connected or not, newest reading, events."""
    from gateway.cli.senders import senders as list_them

    return list_them(url, token, as_json=as_json)


@cli.command()
@click.argument("sender", type=Name())
@click.option(
    "--max-age",
    "max_age_s",
    type=Seconds(0),
    metavar="S",
    help="Be content with a reading that is at most so old; without it, always ask the board.",
)
@timeout_option
@connect_options
def read(sender: str, max_age_s: float | None, timeout_s: float | None, url: str, token: str | None) -> int:
    """Read a sensor now, live; print the reading as JSON."""
    from gateway.cli.requests import read as read_it

    return read_it(url, token, sender, max_age_s=max_age_s, timeout_s=timeout_s)


@cli.command()
@click.argument("sender", type=Name())
@click.argument("method")
@click.argument("params", metavar="[PARAMS_JSON]", required=False)
@timeout_option
@connect_options
def request(
    sender: str, method: str, params: str | None, timeout_s: float | None, url: str, token: str | None
) -> int:
    """Send a request to a sender; print the response as JSON.

    Sensors answer read, last, info and stats: `sig-gateway request temp info`.
    """
    from gateway.cli.requests import request as request_it

    return request_it(url, token, sender, method, params, timeout_s=timeout_s)


@cli.command()
@click.argument("sender", required=False, type=Name())
@click.argument("event", required=False)
@json_option
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N events.")
@connect_options
def watch(
    sender: str | None, event: str | None, as_json: bool, count: int | None, url: str, token: str | None
) -> int:
    """Print events as they come.

    All of them, those of one SENDER, or one EVENT of it. `watch '#changed'` (a first word that begins
    with #) is that event of every sender. Ends with Ctrl-C.
    """
    from gateway.cli.watch import watch as watch_it

    if sender is not None and sender.startswith("#") and event is None:
        sender, event = None, sender
    return watch_it(url, token, sender, event, as_json=as_json, count=count)


@cli.command()
@json_option
@connect_options
def health(as_json: bool, url: str, token: str | None) -> int:
    """Say whether data flows, part by part, the worst first.

    Exit status 0 if all is well; 1 if something fails or is not known yet, or no gateway answers.
    """
    from gateway.cli.health import health as tell_it

    return tell_it(url, token, as_json=as_json)
