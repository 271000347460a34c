"""The gateway itself: to run it, to change it, to have it started, to find out what is wrong."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.commands.group import cli
from gateway.cli.commands.options import config_option, connect_options, json_option, url_of_one
from gateway.cli.common import config_at


@cli.command()
@config_option
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
@config_option
def check(file: Path | None, path: Path | None) -> int:
    """Check the config FILE and print every error with its line.

    Exit status 0, or 2 if there are errors.
    """
    from gateway.cli.check import check as check_it

    if file is not None and path is not None:
        raise click.UsageError("FILE and --config: give one of them")
    return check_it(config_at(file or path))


@cli.command()
@json_option
@connect_options
def reload(as_json: bool, url: str, token: str | None) -> int:
    """Have the running gateway take its config file as it is now.

    Only what changed is stopped and started; says what became of each part. A config with errors is
    refused, and the one before goes on.
    Exit status 0; 1 if it is refused, if a part could not be started, or if no gateway answers.
    """
    from gateway.cli.reload import reload as reload_it

    return reload_it(url, token, as_json=as_json)


@cli.command()
@click.argument("action", type=click.Choice(["install", "status", "uninstall"]))
@click.option("--user", is_flag=True, help="A service of yours, not of the machine.")
@config_option
def service(action: str, user: bool, path: Path | None) -> int:
    """Have systemd start the gateway, at boot and after a fault.

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
@json_option
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write an archive for those who are asked for help, without secrets; a new file, such as a.tar.gz.",
)
@click.option("--yes", is_flag=True, help="With --bundle: write it without a question.")
@config_option
@connect_options
def doctor(
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
    where = Where(url_of_one(url), token)
    config = config_at(path)
    return look(config, where, as_json=as_json, bundle=bundle, yes=yes, machine=Machine())
