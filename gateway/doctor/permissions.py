"""The check of rights: of the config, what it names, and the data folder. Looks at modes, opens nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gateway.config import Config
from gateway.config.outside import written_outside
from gateway.doctor.as_root import not_seen
from gateway.doctor.disk import existing
from gateway.doctor.finding import Finding, Level
from gateway.doctor.named_files import certificates, handed_over, has_plain_secret, named_files
from gateway.doctor.patient import Patient
from gateway.doctor.people import Person, user_name
from gateway.doctor.unit import Unit

CHECK = "permissions"
_HAND_OVER = "copy it into the folder secrets beside the config, and write there: secrets/NAME"
MOST = 500
"""Files of the data folder that are looked at."""


def permissions(patient: Patient) -> Iterator[Finding]:
    """One line if all is well, else one for each that is not."""
    found = [*_config(patient), *_secrets(patient)]
    if patient.config is not None:
        found += _data(patient, patient.config)
        found += _outside(patient.config, patient.unit)
    if patient.person.caller and patient.another_s:
        found = [_of_another(patient, finding) for finding in found]
    things = "config and data folder" if patient.denied else "config, secrets and data folder"
    text = f"{things} are as {patient.person.name} needs them"
    yield from found or [Finding(CHECK, Level.GREEN, text)]


def _of_another(patient: Patient, finding: Finding) -> Finding:
    """What whoever asks may not do is no fault of a gateway that is another user's."""
    if not finding.message.startswith(f"{patient.person.name} may not "):
        return finding
    return not_seen(CHECK, f"{finding.message}; whether the gateway's user may is not known", patient.path)


def _config(patient: Patient) -> Iterator[Finding]:
    path, person = patient.path, patient.person
    try:
        mode = path.stat().st_mode
        readable = person.may(path, os.R_OK)
    except OSError:
        return  # the check of the config says it
    if not readable:
        text = f"{person.name} may not read {path}"
        yield Finding(CHECK, Level.RED, text, f"sudo chown {person.name} {path}; sudo chmod u+r {path}")
    if mode & stat.S_IWOTH:
        text = f"everybody may write {path}, and so change what the gateway does"
        yield Finding(CHECK, Level.RED, text, f"chmod o-w {path}")
    elif mode & stat.S_IROTH and has_plain_secret(path):
        text = f"everybody may read {path}, which holds a password or a token"
        yield Finding(CHECK, Level.YELLOW, text, f"chmod 600 {path}; or keep it out of the file: !file PATH")


def _secrets(patient: Patient) -> Iterator[Finding]:
    """What `!file` names, keys, and certificates, which are no secrets, but are to be read."""
    person = patient.person
    unit, config = patient.unit, patient.config
    handed = handed_over(patient.path, config, unit.credentials) if unit is not None else ()
    secrets = named_files(patient.path, config)
    public = certificates(config) if config is not None else []
    for path in dict.fromkeys([*secrets, *public]):
        try:
            mode = path.stat().st_mode
            readable = path in handed or person.may(path, os.R_OK)
        except OSError:
            continue  # the check of the config says it
        if path not in secrets:
            if not readable:
                yield Finding(CHECK, Level.RED, f"{person.name} may not read {path}", _HAND_OVER)
        elif not readable:
            text = f"{person.name} may not read {path}"
            yield Finding(CHECK, Level.RED, text, f"sudo chown {person.name} {path}; sudo chmod 600 {path}")
        elif mode & (stat.S_IROTH | stat.S_IWOTH):
            text = f"everybody may {'write' if mode & stat.S_IWOTH else 'read'} {path}, which holds a secret"
            yield Finding(CHECK, Level.YELLOW, text, f"chmod 600 {path}")


def _data(patient: Patient, config: Config) -> Iterator[Finding]:
    person, unit, data = patient.person, patient.unit, config.data
    if unit is not None and unit.dynamic and unit.keeps(data):
        return  # in /var/lib/private, which only root may enter; systemd gives it to the user at each start
    try:
        if not data.exists():
            above = existing(data)
            if not person.may(above, os.W_OK | os.X_OK):
                text = f"{person.name} may not make the data folder {data}"
                remedy = f"sudo mkdir -p {data}; sudo chown {person.name} {data}; sudo chmod 700 {data}"
                yield Finding(CHECK, Level.RED, text, remedy)
            return
        if not data.is_dir():
            text = f"the data folder {data} is no folder"
            yield Finding(CHECK, Level.RED, text, "name another in gateway.data, or move away what is there")
            return
        yield from _folder(data, person)
    except OSError as error:
        text = f"the data folder {data}: {error.strerror}"
        if isinstance(error, PermissionError) and patient.another_s:
            yield not_seen(CHECK, text, patient.path)
        else:
            yield Finding(CHECK, Level.RED, text, f"ls -ld {data}")


def _outside(config: Config, unit: Unit | None) -> Iterator[Finding]:
    """What the unit does not let the gateway write, whatever its modes."""
    for key, path in written_outside(config).items():
        if unit is not None and not unit.lets_write(path):
            text = f"{key}: the service may write to its own folders alone, not {path}"
            remedy = f"name another: {config.data / path.name}; or: sudo systemctl edit sig-gateway"
            yield Finding(CHECK, Level.RED, text, f"{remedy}, [Service] ReadWritePaths={path.parent}")


def _folder(data: Path, person: Person) -> Iterator[Finding]:
    own = f"sudo chown -R {person.name} {data}"
    if not person.may(data, os.R_OK | os.W_OK | os.X_OK):
        text = f"{person.name} may not write to the data folder {data}, which is {_owner(data)}'s"
        yield Finding(CHECK, Level.RED, text, f"{own}; sudo chmod 700 {data}")
        return
    if data.stat().st_mode & 0o022:
        text = f"others may write to the data folder {data}, and so put their values into it"
        yield Finding(CHECK, Level.YELLOW, text, f"chmod go-w {data}")
    for path in islice(data.iterdir(), MOST):
        if path.is_symlink() or not path.is_file():
            continue
        if not person.may(path, os.R_OK | os.W_OK):
            started = "was it started as another user?"
            text = f"{person.name} may not write {path}, which is {_owner(path)}'s: {started}"
            yield Finding(CHECK, Level.RED, text, own)
            return


def _owner(path: Path) -> str:
    return user_name(path.stat().st_uid)
