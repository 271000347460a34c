"""`service`: have systemd start the gateway at boot, see how it does, take it away again."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gateway.cli.check import load_or_explain
from gateway.cli.common import EXIT_USAGE
from gateway.cli.run import DEFAULT_YAML
from gateway.cli.service_rights import missing_rights
from gateway.config import Config
from gateway.config.outside import written_outside
from gateway.systemd import systemctl as systemd
from gateway.systemd.systemctl import Systemctl, SystemdError
from gateway.systemd.unit import GROUPS, NAME, STATE, Plan, system_unit, user_unit

DATA_LINE = "data: ./data  "
"""Of the default config: where the data folder of one that is tried stands."""
PACKAGED = (Path("/lib/systemd/system") / NAME, Path("/usr/lib/systemd/system") / NAME)
"""Where the Debian package has its own."""
ROOTS_HOME = Path("/root")
"""Which nobody else may enter."""
SHOWN = ("LoadState", "ActiveState", "SubState", "UnitFileState", "StatusText", "ActiveEnterTimestamp")


class Place(NamedTuple):
    """Where a unit of the machine, or of the user, and what it needs are by default."""

    unit: Path
    config: Path
    data: Path
    user: bool

    @property
    def flag(self) -> str:
        """What commands of systemd want to hear."""
        return " --user" if self.user else ""


def place_of(*, user: bool) -> Place:
    """The machine's, or the user's."""
    if not user:
        return Place(Path("/etc/systemd/system") / NAME, Path("/etc/sig-gateway/config.yaml"), STATE, user)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return Place(
        settings / "systemd" / "user" / NAME,
        settings / "sig-gateway" / "config.yaml",
        state / "sig-gateway",
        user,
    )


def install(place: Place, config_path: Path | None, control: Systemctl) -> int:
    """Write the unit, and start it now and at each boot: 0; 1 if that cannot be; 2 for a wrong config."""
    if not _may(place, "install", config_path):
        return 1
    path = (config_path or place.config).absolute()
    if not path.exists() and not _provide(path, place):
        return 1
    config = load_or_explain(path, usable=True)
    if config is None:
        return EXIT_USAGE
    try:
        plan = _plan(place, config, control)
        _make_folders(plan, place)
        _write(place.unit, user_unit(plan) if place.user else system_unit(plan))
        control("daemon-reload")
        control("enable", NAME)
        control("restart", NAME)
    except (OSError, SystemdError) as error:
        print(f"error: {error}\nWhy: journalctl{place.flag} -u sig-gateway -n 30", file=sys.stderr)
        return 1
    print(f"{place.unit}: written; the gateway runs, and starts at each boot")
    print(f"its config: {path}; its data: {config.data}")
    print(f"its log: journalctl{place.flag} -u sig-gateway -f")
    for line in _still_to_do() if place.user else missing_rights(plan, config):
        print(line)
    return 0


def status(place: Place, control: Systemctl) -> int:
    """Say how it does: 0 if it runs, else 1 and what to do."""
    try:
        found = control.show(NAME, SHOWN)
    except SystemdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if found.get("LoadState") == "not-found":
        print(f"there is no service; to have one: {_typed(place, 'install')}", file=sys.stderr)
        return 1
    state = f"{found.get('ActiveState')} ({found.get('SubState')})"
    print(f"{NAME}: {state}, at boot: {found.get('UnitFileState') or 'unknown'}")
    if found.get("ActiveState") == "active":
        print(
            f"since {found.get('ActiveEnterTimestamp')}: {found.get('StatusText') or 'it has said nothing'}"
        )
        return 0
    print(f"Why: journalctl{place.flag} -u sig-gateway -n 30", file=sys.stderr)
    return 1


def uninstall(place: Place, control: Systemctl) -> int:
    """Stop it and remove the unit; the config and the data stay."""
    if not _may(place, "uninstall", None):
        return 1
    if not place.unit.exists():
        print(f"there is no {place.unit}: nothing to do")
        return 0
    try:
        control("disable", "--now", NAME)
        place.unit.unlink()
        control("daemon-reload")
    except (OSError, SystemdError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{place.unit}: removed; config and data stay, such as {place.config.parent} and {place.data}")
    return 0


def _may(place: Place, action: str, config_path: Path | None) -> bool:
    """Whether it can be done here, by this user; says what to type where not."""
    if not systemd.BOOTED.exists():
        print("error: systemd does not run this machine; have what does start:", file=sys.stderr)
        print(f"    {' '.join(_program())} run -c {config_path or place.config}", file=sys.stderr)
        return False
    if not place.user and any(path.exists() for path in PACKAGED):
        print("error: the Debian package has a service of its own: see it by", file=sys.stderr)
        print("    systemctl status sig-gateway", file=sys.stderr)
        return False
    if not place.user and os.geteuid() != 0:
        print("error: this needs root; type:", file=sys.stderr)
        print(f"    {_typed(place, action, config_path)}", file=sys.stderr)
        print("or, for a service of yours alone:", file=sys.stderr)
        print(f"    sig-gateway service {action} --user", file=sys.stderr)
        return False
    if not place.user and action == "install" and Path(_program()[0]).is_relative_to(ROOTS_HOME):
        print(
            f"error: {_program()[0]} is installed for root alone, whom no service runs as;", file=sys.stderr
        )
        print("as you: pipx install sig-gateway; for all: sudo pipx install --global …", file=sys.stderr)
        return False
    return True


def _typed(place: Place, action: str, config_path: Path | None = None) -> str:
    """The command, in full: root does not find what is in a user's own folders."""
    config = f" -c {config_path.absolute()}" if config_path else ""
    if place.user:
        return f"sig-gateway service {action} --user{config}"
    return f"sudo {' '.join(_program())} service {action}{config}"


def _program() -> list[str]:
    """How this program is started, by whoever has it installed."""
    script = Path(sys.executable).with_name("sig-gateway")
    return [str(script)] if script.exists() else [sys.executable, "-m", "gateway"]


def _provide(path: Path, place: Place) -> bool:
    """The default config, whose data is where a service has it."""
    text = DEFAULT_YAML.read_text().replace(DATA_LINE, f"data: {place.data}  ")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(text)
    except OSError as error:
        print(f"error: {path}: cannot be written: {error.strerror}", file=sys.stderr)
        return False
    print(f"{path}: written, with a simulated board; put your own in, then: sig-gateway reload")
    return True


def _plan(place: Place, config: Config, control: Systemctl) -> Plan:
    """It runs as whoever the program belongs to, for whom it can be read; root's own as nobody in
    particular."""
    command = _program()
    owner = pwd.getpwuid(Path(command[0]).stat().st_uid).pw_name
    user = getpass.getuser() if place.user else (None if owner == "root" else owner)
    groups = [name for name in GROUPS if _exists(grp.getgrnam, name)]
    path, version = config.path.absolute(), control.version()
    beside = list(dict.fromkeys(file.parent for file in written_outside(config).values()))
    return Plan(command, path, config.data, user, groups, version, beside=beside)


def _exists(find: Callable[[str], object], name: str) -> bool:
    try:
        find(name)
    except KeyError:
        return False
    return True


def _make_folders(plan: Plan, place: Place) -> None:
    """What the unit names has to be there: the secrets, and data that is not in systemd's own folder."""
    if place.user:
        return
    secrets = plan.config.parent / "secrets"
    if not secrets.exists():
        secrets.mkdir(mode=0o700)
    for folder in (plan.data, *plan.beside):
        if not folder.is_relative_to(STATE) and not folder.exists():
            folder.mkdir(parents=True)
            if plan.user is not None:
                shutil.chown(folder, plan.user)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _still_to_do() -> list[str]:
    """What only root can do for a user's own service."""
    name = getpass.getuser()
    there = [group for group in GROUPS if _exists(grp.getgrnam, group)]
    others = [group for group in there if grp.getgrnam(group).gr_gid not in os.getgroups()]
    return [
        f"so that it starts without you being logged in: sudo loginctl enable-linger {name}",
        *(f"to use its devices: sudo usermod -aG {group} {name}, and log in again" for group in others),
    ]
