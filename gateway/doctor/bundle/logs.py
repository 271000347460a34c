"""The newest lines of the service's log: from the journal, or from the config's log file."""

from __future__ import annotations

from pathlib import Path

from gateway.doctor.patient import Patient
from gateway.doctor.unit import UNIT

MOST_LINES = 5000
MOST_BYTES = 1_000_000
WITHIN_S = 10.0


def newest(patient: Patient) -> str:
    """What there is, or why there is nothing."""
    said = _journal(patient)
    if said:
        return said[-MOST_BYTES:]
    config = patient.config
    if config is not None and config.log.file is not None:
        path = config.beside(config.log.file)
        text = _end(Path(f"{path}.1"), MOST_BYTES // 2) + _end(path, MOST_BYTES // 2)
        return text or f"nothing could be read of {path}\n"
    if patient.unit is not None:
        return "there is no log: the journal has no line of the service, or not for whoever asks\n"
    return "there is no log: no systemd unit, and no log.file in the config\n"


def _journal(patient: Patient) -> str:
    if patient.unit is None:
        return ""
    manager = ["--user"] if patient.unit.own else []
    shape = ["-q", "-o", "short-iso", "--no-hostname", "--no-pager", "-n", str(MOST_LINES)]
    said = patient.machine.run(["journalctl", *manager, *shape, "-u", UNIT], WITHIN_S)
    return said.text if said is not None and said.status == 0 else ""


def _end(path: Path, most: int) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - most))
            return file.read(most).decode(errors="replace")
    except (OSError, ValueError):
        return ""
