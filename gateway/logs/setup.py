"""What is logged, from whom and how much of it, while the gateway runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import sig
from gateway.logs.hub import Hub

if TYPE_CHECKING:
    from gateway.config import Config

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class _Running:
    """The one log of this process. `verbose` was asked for on the command line, which comes first."""

    def __init__(self, hub: Hub, *, verbose: bool) -> None:
        self.hub = hub
        self.verbose = verbose


_running: _Running | None = None


@contextmanager
def logging_to(
    handler: logging.Handler, *, verbose: bool = False, config: Config | None = None
) -> Iterator[None]:
    """Send the gateway's, the drivers' and sig's log to `handler`, and where else the config says; `verbose`:
    the debug lines of all but sig, too."""
    global _running
    root = logging.getLogger()
    sig_logger = logging.getLogger("sig")
    level, sig_level = root.level, sig_logger.level
    hub = Hub(handler)
    root.addHandler(hub)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # Below that, sig tells of every connection that comes and goes: one for each `sig-gateway read`.
    sig_logger.setLevel(logging.WARNING)
    sig.setup_logger(sig_logger)
    before, _running = _running, _Running(hub, verbose=verbose)
    try:
        if config is not None:
            configure(config)
        yield
    finally:
        _running = before
        sig.setup_logger(None)
        sig_logger.setLevel(sig_level)
        root.setLevel(level)
        root.removeHandler(hub)
        hub.close()


def configure(config: Config) -> None:
    """Log as the config's `log` section says from now on: at the start, and for a config that was loaded anew
    while the process runs. From any thread; waits for no disk but to make the file's folder. Where nothing
    is logged to (see `logging_to`), nothing changes."""
    running = _running
    if running is None:
        return
    section = config.log
    level = logging.DEBUG if running.verbose else LEVELS[section.level]
    logging.getLogger().setLevel(level)
    logging.getLogger("sig").setLevel(max(level, logging.WARNING))
    if section.file is None:
        running.hub.write_to(None)
        return
    path = config.beside(section.file)
    with suppress(OSError):  # what cannot be written is told of when it is tried
        path.parent.mkdir(mode=0o700, exist_ok=True)
    rotate = section.rotation
    running.hub.write_to(path, rotate.size, rotate.count)
