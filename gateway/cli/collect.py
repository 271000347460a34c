"""`collect`: the collector's process, from its config to the signal that ends it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.common import DEFAULT_CONFIG, EXIT_USAGE
from gateway.cli.stopping import Hangup, end_now, is_a_service, stop_signals
from gateway.config.collecting import CollectConfig, load_collect
from gateway.config.problems import ConfigError

if TYPE_CHECKING:
    from queue import SimpleQueue

logger = logging.getLogger(__name__)

DEFAULT_COLLECT = "collect.yaml"


def collect(path: Path | None, *, verbose: bool) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP: 0; 1 when it cannot start; 2 for a config that is wrong."""
    path = path or Path(DEFAULT_COLLECT)
    if not path.exists():
        print(f"{path}: no such file; docs/collect.md has one to start from", file=sys.stderr)
        return EXIT_USAGE
    config = explained(path)
    if config is None or not _has_extras(config):
        return EXIT_USAGE
    hangup = Hangup() if is_a_service(os.environ) else None
    with stop_signals(hangup) as stops:
        return _run(config, stops, verbose=verbose)


def or_collect(path: Path) -> Path:
    """Where there is a collector's config in this folder and no gateway's, that one, which is said."""
    if path != Path(DEFAULT_CONFIG) or path.exists() or not Path(DEFAULT_COLLECT).exists():
        return path
    print(f"there is no ./{path}: it is {DEFAULT_COLLECT} that is looked at", file=sys.stderr)
    return Path(DEFAULT_COLLECT)


def instead_of(path: Path) -> str:
    """What to use where a gateway's config is wanted, and that is a collector's."""
    return (
        f"{path}: a collector's config, and no gateway's: `sig-gateway collect -c {path}` runs it. What it "
        "keeps is told by its page and HTTP API (GET /api/v1/senders/SITE%2FGATEWAY%2FSENDER/history"
        "?format=csv), or by PostgreSQL; what a gateway has kept itself by "
        "`sig-gateway history SENDER --connect fleet:ROUTERS`"
    )


def check_collect(path: Path) -> int:
    """Print what is wrong (to stderr, exit status 2), or what the config sets up."""
    config = explained(path)
    if config is None:
        return EXIT_USAGE
    print(f"{path}: correct")
    section = config.collect
    kept = "a file for each site" if section.postgres is None else "PostgreSQL"
    print(f"  collects {', '.join(section.sites) or 'all sites'} as {section.name}, into {kept}")
    safely = "" if config.fleet.tls is None else ", with certificates"
    print(f"  fleet: {', '.join(config.fleet.routers)}{safely}")
    if config.shared.http is not None:
        print(f"  http: {config.shared.http.url}")
    return 0


def explained(path: Path) -> CollectConfig | None:
    """The config, with its warnings printed; or None, with every error printed, all to stderr."""
    try:
        config = load_collect(path)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        print(f"{count} error{'s' if count > 1 else ''}", file=sys.stderr)
        return None
    for warning in config.shared.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return config


def _has_extras(config: CollectConfig) -> bool:
    """Whether what it needs is installed."""
    from importlib.util import find_spec

    from gateway.fleet.session import EXTRA

    missing = [] if find_spec("zenoh") else [EXTRA]
    if config.collect.postgres is not None and not find_spec("psycopg"):
        text = "PostgreSQL needs psycopg, which is not installed: pip install 'sig-gateway[postgres]'"
        missing.append(text)
    for text in missing:
        print(f"error: {text}", file=sys.stderr)
    return not missing


def _run(config: CollectConfig, stops: SimpleQueue[int], *, verbose: bool) -> int:
    from gateway.collect.app import CollectApp, summary_of
    from gateway.logs import logging_to, to_stderr
    from gateway.sd_notify import Manager
    from gateway.service import StartError
    from gateway.watchdog import under_watch

    app = CollectApp(config)
    with logging_to(to_stderr(), verbose=verbose, config=config.shared):
        try:
            app.start()
        except StartError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        try:
            with under_watch(app, Manager(os.environ)):
                stops.get()
        finally:
            logger.info("stopping")
            summary = summary_of(app.info())
            done = app.stop()
            logger.info("%s", summary)
            logger.info("stopped")
    return 0 if done else end_now(0)
