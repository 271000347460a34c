"""The command line, `sig-gateway`.

`commands` declares what can be typed and imports little else of ours; what a command does is in a module of
its own, imported when that command runs, so that `watch` does not pay for the config nor `check` for sockets.
"""

from gateway.cli.commands import main

__all__ = ["main"]
