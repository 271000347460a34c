"""The unit, from the templates beside this module. Pure but for reading those.

What an older systemd does not know would be a line in its log at each start, so it is asked for its version:
252 is in Debian 12, 257 in Debian 13.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple

NAME = "sig-gateway.service"
STATE = Path("/var/lib/sig-gateway")
"""What `StateDirectory` makes, and keeps for the service's user."""
GROUPS = ("dialout", "gpio", "i2c")
"""Who may use serial ports; on Raspberry Pi OS also the other two."""
HOMES = ("/home", "/root", "/run/user")

_HERE = Path(__file__).parent
_RELOADS, _BACKS_OFF = 253, 254
"""From these versions on, `Type=notify-reload` and `RestartSteps` are there."""

_RELOAD = "ExecReload=/bin/sh -c 'kill -HUP $MAINPID'"
"""By the shell's own `kill`: /bin/kill is procps's, which a small Debian does not have."""


class Plan(NamedTuple):
    """What runs as the service. `command`: the program and its first arguments; `config`, `data`: absolute;
    `user`: None for one that systemd makes up at each start; `groups`: those that are there, of `GROUPS`;
    `version`: of systemd; `about`: who wrote the unit; `beside`: folders that it writes to as well."""

    command: Sequence[str]
    config: Path
    data: Path
    user: str | None
    groups: Collection[str]
    version: int
    about: str = "Written by `sig-gateway service install`, which writes it anew."
    beside: Sequence[Path] = ()


def system_unit(plan: Plan) -> str:
    """For the machine's systemd: starts at boot."""
    groups = f"\nSupplementaryGroups={' '.join(plan.groups)}" if plan.groups else ""
    user = "DynamicUser=yes" if plan.user is None else f"User={plan.user}"
    secrets = str(plan.config.parent / "secrets").replace("%", "%%")
    return _filled("system.service", plan, user=user + groups, secrets=secrets, paths=_paths(plan))


def user_unit(plan: Plan) -> str:
    """For a user's own systemd."""
    return _filled("user.service", plan)


def _filled(template: str, plan: Plan, **more: str) -> str:
    reload = f"{_RELOAD}\n" if plan.version < _RELOADS else ""
    backoff = "RestartSec=10s"
    if plan.version >= _BACKS_OFF:
        backoff = "RestartSec=2s\nRestartSteps=6\nRestartMaxDelaySec=2min"
    return (
        Template((_HERE / template).read_text())
        .substitute(
            about=plan.about,
            type="notify" if plan.version < _RELOADS else "notify-reload",
            reload=reload,
            command=" ".join(map(_argument, plan.command)),
            config=_argument(str(plan.config)),
            backoff=backoff,
            **more,
        )
        .replace("\n\n\n", "\n\n")
        .replace("\n\nExecStart", "\nExecStart")
    )


def _paths(plan: Plan) -> str:
    """What of the file system it sees and may write."""
    used = (Path(plan.command[0]), plan.config, plan.data, *plan.beside)
    at_home = any(path.is_relative_to(home) for path in used for home in HOMES)
    lines = [f"ProtectHome={'read-only' if at_home else 'yes'}"]
    written = [] if plan.data.is_relative_to(STATE) else [str(plan.data)]
    # That of a socket may be gone after a boot, which is to be told by the gateway, not by systemd.
    written += [f"-{path}" for path in plan.beside if not path.is_relative_to(STATE)]
    if written:
        lines.append(f"ReadWritePaths={' '.join(map(_quoted, written))}")
    return "\n".join(lines)


def _argument(text: str) -> str:
    """Of a command line: systemd.service(5), COMMAND LINES."""
    return _quoted(text.replace("$", "$$"))


def _quoted(text: str) -> str:
    text = text.replace("%", "%%")
    if not any(character in text for character in " \t\"'\\"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
