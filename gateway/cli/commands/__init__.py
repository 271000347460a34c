"""What can be typed: commands, arguments, options, help. The doing is imported when a command runs.

running   run, check, reload, service, doctor
asking    senders, read, request, watch, health
past      history, export, import
links     ports, capture, simulate
boards    firmware export
collecting  collect
"""

from gateway.cli.commands import asking, boards, collecting, links, past, running
from gateway.cli.commands.group import cli, main

__all__ = ["asking", "boards", "cli", "collecting", "links", "main", "past", "running"]
