"""`run`: the gateway process, from the config to the signal that ends it."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.check import load_or_explain
from gateway.cli.common import DEFAULT_CONFIG, EXIT_USAGE
from gateway.cli.stopping import Hangup, end_now, is_a_service, stop_signals
from gateway.config import Config
from gateway.live.summary import summary_of

if TYPE_CHECKING:
    from queue import SimpleQueue

    from gateway.app import App

logger = logging.getLogger(__name__)

NO_THREAD = "can't start new thread"
"""Python's words, in a RuntimeError."""
MORE_THREADS = (
    "this user or service may not have more; a gateway has about a dozen. `ulimit -u` says what a user may "
    "have, `systemctl show sig-gateway -p TasksMax` what the service may"
)
DEFAULT_YAML = Path(__file__).parent.parent / "default.yaml"


def run(path: Path | None, *, init: bool, verbose: bool) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP (under systemd that is a reload): 0; 1 when it cannot start; 2 for
    a config that is wrong."""
    config_path = path or Path(DEFAULT_CONFIG)
    if not config_path.exists() and not _provide_config(config_path, init=init, asked_for=path is not None):
        return EXIT_USAGE
    config = load_or_explain(config_path, usable=True)
    if config is None:
        from gateway.reload.last_good import advice

        if (text := advice(config_path)) is not None:
            print(text, file=sys.stderr)
        return EXIT_USAGE
    if not _clock_is_well_said():
        return EXIT_USAGE
    hangup = Hangup() if is_a_service(os.environ) else None
    try:
        with stop_signals(hangup) as stops:
            return _run(config, stops, hangup, verbose=verbose)
    except RuntimeError as error:
        if not _is_short_of_threads(error):
            raise
        print(f"error: {NO_THREAD}: {MORE_THREADS}", file=sys.stderr)
        return 1


def _is_short_of_threads(error: BaseException | None) -> bool:
    """Whether that is at its root: what has begun until then may fail to stop what has not."""
    while error is not None and str(error) != NO_THREAD:
        error = error.__context__
    return error is not None


def _clock_is_well_said() -> bool:
    """Whether the environment says of the clock what it may."""
    from gateway.clock.wall import override

    try:
        override()
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return False
    return True


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


def _run(config: Config, stops: SimpleQueue[int], hangup: Hangup | None, *, verbose: bool) -> int:
    from gateway.app import App
    from gateway.live.lines import is_terminal
    from gateway.live.terminal import in_foreground
    from gateway.logs import Tail, logging_to, to_stderr
    from gateway.reload.telling import told
    from gateway.sd_notify import Manager
    from gateway.service import StartError
    from gateway.watchdog import under_watch

    on_terminal = is_terminal(sys.stdout) and in_foreground(sys.stdout)
    log_on_screen = on_terminal and sys.stderr.isatty()
    tail = Tail()
    app = App(config)
    began = time.monotonic()
    done = False
    with logging_to(tail if log_on_screen else to_stderr(), verbose=verbose, config=config):
        try:
            app.start()
        except StartError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        manager = Manager(os.environ)
        app.reloader.around = partial(told, manager)
        if hangup is not None:
            hangup.act = app.reloader.ask
        try:
            with under_watch(app, manager):
                if on_terminal:
                    from gateway.cli.showing import show

                    show(app, tail, stops)
                else:
                    stops.get()
        finally:
            done = _stop(app, time.monotonic() - began)
    return 0 if done else end_now(0)


def _stop(app: App, seconds: float) -> bool:
    """And say what it did; of which the parts can tell only as long as they are there. False if something
    is left behind."""
    logger.info("stopping")
    try:
        readings = sum(sensor.stats()["received"] for sensor in app.sensors.values())
        summary = summary_of(app.health(), seconds, readings, len(app.sensors))
    finally:
        done = app.stop()
    logger.info("%s", summary)
    logger.info("stopped")
    return done
