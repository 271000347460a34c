"""What a service's user may not do, said when the service is installed."""

from __future__ import annotations

import os
from contextlib import suppress

from gateway.config import Config
from gateway.config.credentials import FOLDER
from gateway.config.outside import written_outside
from gateway.doctor.named_files import certificates, handed_over, named_files
from gateway.doctor.people import Person, made_up, named
from gateway.systemd.unit import STATE, Plan


def missing_rights(plan: Plan, config: Config) -> list[str]:
    """A line for each file that the service's user may not read, or not write."""
    person = made_up("the service") if plan.user is None else named(plan.user)
    return [] if person is None else [*_not_readable(person, config), *_not_writable(person, config)]


def _not_readable(person: Person, config: Config) -> list[str]:
    """Secrets, keys and certificates, but for those that systemd hands over."""
    found, secrets = [], config.path.absolute().parent / FOLDER
    handed = handed_over(config.path, config, [(FOLDER, secrets)])
    private = named_files(config.path, config)
    for path in dict.fromkeys([*private, *certificates(config)]):
        with suppress(OSError):  # what is not there the config's check has said
            if path not in handed and not person.may(path, os.R_OK):
                found.append(
                    f"warning: {person.name} may not read {path}; {'move' if path in private else 'copy'} "
                    f"it into {secrets}, from where systemd "
                    f"hands it over, and write in the config: {FOLDER}/{path.name}"
                )
    return found


def _not_writable(person: Person, config: Config) -> list[str]:
    """Though the unit would let it: the folder is another's."""
    return [
        f"warning: {key}: {person.name} may not write to {path.parent}; name another file in the config: "
        f"{STATE / path.name}"
        for key, path in written_outside(config).items()
        if not path.is_relative_to(STATE) and not person.may(path.parent, os.W_OK | os.X_OK)
    ]
