"""What can be typed: commands, arguments, options, help. The doing is imported when a command runs."""

from __future__ import annotations

import errno
import functools
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from gateway.cli.arguments import Name, Seconds
from gateway.cli.common import DEFAULT_CONFIG, EXIT_USAGE, discard_output, hear_signals

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_URL = "tcp://127.0.0.1:7300"
EXIT_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status; never raises."""
    _open_standard_streams()
    hear_signals()
    for stream in (sys.stdout, sys.stderr):
        # A name or a log line may hold what the terminal's encoding cannot say.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(argv, prog_name="sig-gateway", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        print(f"error: {error.format_message()}", file=sys.stderr)
        return 1
    except click.Abort:
        return EXIT_INTERRUPTED
    return status if isinstance(status, int) else 0


def _open_standard_streams() -> None:
    """Have all three, as of `>&-`: else the next thing opened, perhaps a board's port, takes their number."""
    import os

    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for as long as we live


def _connect_options(command: F) -> F:
    """The command gets `url` and `token`."""

    @functools.wraps(command)
    def with_token(*args: Any, token: str | None, token_file: Path | None, **options: Any) -> Any:
        if token_file is not None:
            source = click.get_current_context().get_parameter_source("token")
            if source is click.core.ParameterSource.COMMANDLINE:
                raise click.UsageError("--token and --token-file: give one of them")
            from gateway.cli.client import read_token

            token = read_token(token_file)
        return command(*args, token=token, **options)

    for option in (
        click.option(
            "--token-file",
            type=click.Path(path_type=Path),
            help="A file that holds the gateway's token, on one line.",
        ),
        click.option(
            "--token",
            envvar="SIG_GATEWAY_TOKEN",
            help="The gateway's token; better given as $SIG_GATEWAY_TOKEN, or in a file.",
        ),
        click.option(
            "--connect",
            "url",
            metavar="URL",
            envvar="SIG_GATEWAY_CONNECT",
            default=DEFAULT_URL,
            show_default=True,
            help="Where the gateway listens: tcp://host[:port], tls://host[:port] or unix:/path.",
        ),
    ):
        option(with_token)
    return cast(F, with_token)


_config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=None,
    help=f"The config file.  [default: {DEFAULT_CONFIG}]",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_WHEN = "RFC 3339 with an offset, or a span that reaches back from now"
_timeout_option = click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(0.001, 3600),
    metavar="S",
    help="How long to wait for the answer: seconds, or a span such as 5s.",
)


class _Group(click.Group):
    """Ends quietly where click would print a line (Ctrl-C) or exit with 1 (a closed pipe)."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # `| head -1` has what it wanted
            discard_output()
            return 0
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            print("error: what was to be printed cannot be written: the disk is full", file=sys.stderr)
            discard_output()
            return 1
        return status


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from gateway.version import full_version

    click.echo(f"sig-gateway {full_version()}")
    ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it."
)
def cli() -> None:
    """Sensors on serial ports as events, live reads and requests.

    Start with `sig-gateway run --init`; then, in a second terminal: `sig-gateway watch`.
    """


@cli.command()
@_config_option
@click.option("--init", is_flag=True, help="Write a default config file first, if there is none.")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def run(path: Path | None, init: bool, verbose: bool) -> int:
    """Run the gateway, until Ctrl-C or SIGTERM.

    On a terminal it shows a live table; otherwise it writes log lines to standard error.
    Under systemd SIGHUP has it read its config anew, as `sig-gateway reload` does; else it ends it.
    """
    from gateway.cli.run import run as run_it

    return run_it(path, init=init, verbose=verbose)


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_config_option
def check(file: Path | None, path: Path | None) -> int:
    """Check the config FILE and print every error with its line.

    Exit status 0, or 2 if there are errors.
    """
    from gateway.cli.check import check as check_it

    if file is not None and path is not None:
        raise click.UsageError("FILE and --config: give one of them")
    return check_it(file or path or Path(DEFAULT_CONFIG))


@cli.command()
@_json_option
@_connect_options
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
@_timeout_option
@_connect_options
def read(sender: str, max_age_s: float | None, timeout_s: float | None, url: str, token: str | None) -> int:
    """Read a sensor now, live; print the reading as JSON."""
    from gateway.cli.requests import read as read_it

    return read_it(url, token, sender, max_age_s=max_age_s, timeout_s=timeout_s)


@cli.command()
@click.argument("sender", type=Name())
@click.argument("method")
@click.argument("params", metavar="[PARAMS_JSON]", required=False)
@_timeout_option
@_connect_options
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
@_json_option
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N events.")
@_connect_options
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
@_json_option
@_connect_options
def health(as_json: bool, url: str, token: str | None) -> int:
    """Say whether data flows, part by part, the worst first.

    Exit status 0 if all is well; 1 if something fails or is not known yet, or no gateway answers.
    """
    from gateway.cli.health import health as tell_it

    return tell_it(url, token, as_json=as_json)


@cli.command()
@_json_option
@_connect_options
def reload(as_json: bool, url: str, token: str | None) -> int:
    """Have the running gateway take its config file as it is now.

    Only what changed is stopped and started; says what became of each part. A config with errors is
    refused, and the one before goes on.
    Exit status 0; 1 if it is refused, if a part could not be started, or if no gateway answers.
    """
    from gateway.cli.reload import reload as reload_it

    return reload_it(url, token, as_json=as_json)


@cli.command()
@click.argument("sender", type=Name())
@click.option("--since", metavar="T", default="24h", show_default=True, help=f"From when: {_WHEN}.")
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
@_config_option
@_connect_options
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
    by_config = ctx.get_parameter_source("url") is click.core.ParameterSource.DEFAULT
    asked = Asked(sender, since, until, points, None if by_config else url, token)
    return show(path or Path(DEFAULT_CONFIG), asked, form=form or "table", plot=plot)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--since", metavar="T", help=f"From when: {_WHEN}; all, if it is left out.")
@click.option("--until", metavar="T", help="To when, likewise.")
@click.option("--sender", "names", metavar="NAME", multiple=True, help="Of this one alone; may come again.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    help="CSV or JSON lines.  [default: by FILE's name]",
)
@_config_option
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

    return export_it(path or Path(DEFAULT_CONFIG), file, since=since, until=until, names=names, form=form)


@cli.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Leave lines out that cannot be read.")
@click.option("--sender", metavar="NAME", help="Whose values they are, in CSV of others: time,value.")
@click.option("--unit", metavar="UNIT", help="What they are in.")
@_config_option
def import_(file: Path, skip_bad: bool, sender: str | None, unit: str | None, path: Path | None) -> int:
    """Bring what `export` wrote, or CSV, into the history.

    The gateway must not run. All lines are checked first. What is there already stays, so it can be done
    again.
    """
    from gateway.cli.importing import import_ as import_it
    from gateway.history.transfer.reading import Names

    return import_it(path or Path(DEFAULT_CONFIG), file, Names(sender, unit), skip_bad=skip_bad)


@cli.command()
@click.argument("names", metavar="[PORT …]", nargs=-1)
@_json_option
@click.option("--probe", is_flag=True, help="Find out what speaks there: listen, then ask.")
@click.option("--write", is_flag=True, help="With --probe: put what was found into the config file.")
@click.option("--yes", is_flag=True, help="With --probe: send what is named, without a question.")
@click.option(
    "--seconds",
    type=Seconds(0.1, 600),
    metavar="S",
    help="With --probe: listen so long at each baud rate.  [default: 3]",
)
@_config_option
def ports(
    names: tuple[str, ...],
    as_json: bool,
    probe: bool,
    write: bool,
    yes: bool,
    seconds: float | None,
    path: Path | None,
) -> int:
    """List the serial ports and how to write them in the config.

    With --probe: what speaks on each of them, or on each PORT, and the config for it. Nothing is sent
    that was not shown and agreed to before; a port that another program has open is not touched.
    """
    if not probe:
        if names or write or yes or seconds:
            raise click.UsageError("PORT, --write, --yes and --seconds go with --probe")
        from gateway.cli.ports import ports as list_them

        return list_them(as_json=as_json)
    from gateway.cli.probing import probe as probe_them

    config = path or Path(DEFAULT_CONFIG)
    return probe_them(names, config, as_json=as_json, write=write, yes=yes, listen_s=seconds)


@cli.command()
@_json_option
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write an archive for those who are asked for help, without secrets; a new file, such as a.tar.gz.",
)
@click.option("--yes", is_flag=True, help="With --bundle: write it without a question.")
@_config_option
@_connect_options
@click.pass_context
def doctor(
    ctx: click.Context,
    as_json: bool,
    bundle: Path | None,
    yes: bool,
    path: Path | None,
    url: str,
    token: str | None,
) -> int:
    """Say what is wrong with a set-up, and what to do.

    Looks at everything that the gateway needs: config, rights, ports, broker, disk, clock and more. Changes
    nothing, and does not disturb a gateway that runs. Exit status 0 if nothing is red, else 1.
    """
    from gateway.cli.doctor import Where
    from gateway.cli.doctor import doctor as look
    from gateway.doctor.machine import Machine

    if yes and bundle is None:
        raise click.UsageError("--yes goes with --bundle")
    by_config = ctx.get_parameter_source("url") is click.core.ParameterSource.DEFAULT
    where = Where(None if by_config else url, token)
    config = path or Path(DEFAULT_CONFIG)
    return look(config, where, as_json=as_json, bundle=bundle, yes=yes, machine=Machine())


@cli.command()
@click.argument("link")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seconds", type=Seconds(0.1), metavar="S", help="Stop after so long; without it, on Ctrl-C.")
@_config_option
@_connect_options
@click.pass_context
def capture(
    ctx: click.Context,
    link: str,
    file: Path,
    seconds: float | None,
    path: Path | None,
    url: str,
    token: str | None,
) -> int:
    """Record a link's bytes, with their times, in a new FILE.

    While the gateway runs, through it (that of the config, unless --connect names another); where none
    runs, the port is opened with the config's settings.
    `simulate --replay FILE` plays it back.
    """
    from gateway.cli.capture import capture as capture_it

    by_config = ctx.get_parameter_source("url") is click.core.ParameterSource.DEFAULT
    return capture_it(
        link,
        file,
        url=None if by_config else url,
        token=token,
        config_path=path or Path(DEFAULT_CONFIG),
        seconds=seconds,
    )


@cli.command()
@click.argument("action", type=click.Choice(["install", "status", "uninstall"]))
@click.option("--user", is_flag=True, help="A service of yours, not of the machine.")
@_config_option
def service(action: str, user: bool, path: Path | None) -> int:
    """Have systemd start the gateway at boot, and again whatever ends it.

    Without --config it is /etc/sig-gateway/config.yaml, or with --user ~/.config/sig-gateway/config.yaml;
    a default one is written if there is none. The Debian package brings a service of its own.
    """
    from gateway.cli import service as services
    from gateway.systemd.systemctl import Systemctl

    place, control = services.place_of(user=user), Systemctl(user=user)
    if action == "install":
        return services.install(place, path, control)
    return (services.status if action == "status" else services.uninstall)(place, control)


@cli.command()
@click.option(
    "--protocol",
    metavar="P",
    help="What it speaks: sensorline, text, modbus, mysensors, sysfs.  [default: sensorline]",
)
@click.option("--link", metavar="PATH", help="Make PATH a symbolic link to the port; sysfs: the folder.")
@click.option(
    "--data", metavar="FILE", help="Measure what this CSV file says.  [default: recorded office data]"
)
@click.option("--replay", metavar="FILE", help="Say again what the device of a capture said.")
@click.option("--loop", is_flag=True, help="Begin the replay again at its end.")
@click.option("--speed", metavar="X", help="Times faster than recorded.  [default: 60; a replay: 1]")
@click.option("--seed", metavar="N", help="The same faults again.")
@click.option("--faults", metavar="SPEC", help="Faults, such as flip=0.001,garbage=0.01.")
@click.option("--shape", metavar="N", help="text: which of ten kinds of sketch.  [default: 1]")
@click.option("--degree", metavar="ENCODING", help="text: ° as utf-8 or latin-1.  [default: utf-8]")
@click.option("--slaves", metavar="ID:NAME,…", help="modbus: who is on the bus.")
@click.option("--baud", metavar="N", help="Bytes take their time on the line, 11 bits each.")
@click.option(
    "--tell", metavar="COMMAND", help="Send COMMAND to the simulator that runs at --link; try `help`."
)
def simulate(loop: bool, **options: str | None) -> int:
    """Run a simulated device on a pseudo-terminal, or in a folder.

    With --tell: send a command to the one that runs at --link.
    """
    from gateway.cli.simulate import simulate as simulate_it

    return simulate_it({name: value for name, value in options.items() if value is not None}, loop=loop)
