"""What can be typed: commands, arguments, options, help. The doing is imported when a command runs.

running   run, check, reload, service, doctor
asking    senders, read, request, watch, health
past      history, export, import
links     ports, capture, simulate
boards    firmware export
fleet     fleet-router, fleet enrol, list, renew, revoke
collecting  collect
"""

from gateway.cli.commands import asking, boards, collecting, fleet, links, past, running
from gateway.cli.commands.group import cli, main

__all__ = ["asking", "boards", "cli", "collecting", "fleet", "links", "main", "past", "running"]
