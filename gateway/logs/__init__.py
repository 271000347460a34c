"""What the gateway says of what goes on: log lines, and where they go.

lines     a record as text, for people and for systemd's journal
stderr    to standard error, in the journal's way where that listens
tail      the newest lines, for the live table
kinds     which lines are alike
limits    so many of a kind, and how many more there were
file      a file that is begun anew when it is large
hub       from whoever logs to all of them, limited; the one thread that a disk may hold up
setup     what the config and the command line say of all this
"""

from gateway.logs.lines import LineFormatter
from gateway.logs.setup import configure, logging_to
from gateway.logs.stderr import to_stderr
from gateway.logs.tail import TAIL_LINES, Tail

__all__ = ["TAIL_LINES", "LineFormatter", "Tail", "configure", "logging_to", "to_stderr"]
