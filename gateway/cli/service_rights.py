"""What a service's user may not do, said when the service is installed."""

from __future__ import annotations

import os

from gateway.config import Config
from gateway.config.outside import written_outside
from gateway.doctor.people import made_up, named
from gateway.systemd.unit import STATE, Plan


def not_writable(plan: Plan, config: Config) -> list[str]:
    """A line for each file that it may not write, though the unit would let it: the folder is another's."""
    person = made_up("the service") if plan.user is None else named(plan.user)
    if person is None:
        return []
    return [
        f"warning: {key}: {person.name} may not write to {path.parent}; name another file in the config: "
        f"{STATE / path.name}"
        for key, path in written_outside(config).items()
        if not path.is_relative_to(STATE) and not person.may(path.parent, os.W_OK | os.X_OK)
    ]
