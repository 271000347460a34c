"""`run`: the gateway process, from the config to the signal that ends it."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

import click

from gateway.cli.check import load_or_explain
from gateway.cli.common import DEFAULT_CONFIG, EXIT_USAGE, discard_output
from gateway.cli.stopping import stop_signals
from gateway.config import Config

if TYPE_CHECKING:
    from queue import SimpleQueue

    from drivers.link import Link
    from gateway.app import App
    from gateway.logs import Tail

logger = logging.getLogger(__name__)

REFRESH_S = 1.0
DEFAULT_YAML = Path(__file__).parent.parent / "default.yaml"


def run(path: Path | None, *, init: bool, verbose: bool) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP: 0; 1 when it cannot start; 2 for a config that is wrong."""
    config_path = path or Path(DEFAULT_CONFIG)
    if not config_path.exists() and not _provide_config(config_path, init=init, asked_for=path is not None):
        return EXIT_USAGE
    config = load_or_explain(config_path, usable=True)
    if config is None:
        return EXIT_USAGE
    with stop_signals() as stops:
        return _run(config, stops, verbose=verbose)


def _provide_config(path: Path, *, init: bool, asked_for: bool) -> bool:
    """Write the default config, if that is wanted; False if not."""
    may_ask = not asked_for and sys.stdin.isatty() and sys.stderr.isatty()
    if not init and may_ask:
        print(
            f"There is no {path} here. The default one has a simulated board with three sensors.",
            file=sys.stderr,
        )
        init = click.confirm(f"Write it to {path.absolute()} and start?", default=True, err=True)
    if not init:
        start = f"sig-gateway run --init{'' if path == Path(DEFAULT_CONFIG) else f' -c {path}'}"
        print(f"{path}: no such file; write a default one and start: {start}", file=sys.stderr)
        return False
    try:
        with path.open("xb") as file, DEFAULT_YAML.open("rb") as default:
            shutil.copyfileobj(default, file)
    except OSError as error:
        print(f"{path}: cannot be written: {error.strerror}", file=sys.stderr)
        return False
    print(f"{path}: written; change it as you like, `sig-gateway check` tells what is wrong", file=sys.stderr)
    return True


def _run(config: Config, stops: SimpleQueue[int], *, verbose: bool) -> int:
    from gateway.app import App
    from gateway.logs import Tail, logging_to, to_stderr
    from gateway.service import StartError

    on_terminal = sys.stdout.isatty()
    log_on_screen = on_terminal and sys.stderr.isatty()
    tail = Tail()
    app = App(config)
    with logging_to(tail if log_on_screen else to_stderr(), verbose=verbose):
        try:
            app.start()
        except StartError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        try:
            if on_terminal:
                _show(app, config, tail, stops)
            else:
                stops.get()
        finally:
            logger.info("stopping")
            app.stop()
            logger.info("stopped")
    return 0


def _problem(app: App, sensor: str) -> str | None:
    found, section = app.sensors.get(sensor), app.names.get(sensor)
    if found is None or section is None:  # it was found this moment, and is not there yet
        return None
    return found.problem or app.links[section.link].absence(found.channel)


def _links(app: App) -> dict[str, tuple[str, Link]]:
    """By sensor, those of the config first."""
    return {name: (sensor.link, app.links[sensor.link]) for name, sensor in app.names.all().items()}


def _show(app: App, config: Config, tail: Tail, stops: SimpleQueue[int]) -> None:
    """Draw the live table once a second until a signal comes, even if the terminal goes before."""
    from gateway.live.screen import Screen
    from gateway.live.table import LiveTable

    page = f", dashboard at {config.http.url}" if config.http is not None else ""
    subtitle = f"listening on {config.router.listen}{page}, Ctrl-C ends it"
    table = LiveTable(app.router, lambda: _links(app), lambda sensor: _problem(app, sensor), app.clock)
    faults = [out.reason for out in app.config.left_out]
    stop = False
    try:
        with Screen(
            config.gateway.name, subtitle, table.now, lambda: list(tail.lines), lambda: faults
        ) as screen:
            while not stop:
                screen.draw()
                with contextlib.suppress(Empty):
                    stops.get(timeout=REFRESH_S)
                    stop = True
    except OSError:  # the terminal has gone: that ends the gateway only by SIGHUP
        discard_output()
        if not stop:
            stops.get()
