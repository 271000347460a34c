"""`doctor --bundle`: shows what would be in the archive, asks, and writes it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from gateway.doctor.bundle.archive import packed, write
from gateway.doctor.bundle.contents import WHAT, Bundle, bundle, taken_out
from gateway.doctor.finding import Finding
from gateway.doctor.patient import Patient


def refuse_early(path: Path, *, yes: bool) -> None:
    """Before all the looking: raises click's exceptions for what would be refused after it."""
    if path.exists() or path.is_symlink():
        raise click.ClickException(f"{path} is there already, and is left as it is: name another file")
    if not path.absolute().parent.is_dir():
        raise click.ClickException(f"{path}: there is no folder {path.absolute().parent}")
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("--bundle asks before it writes, which needs a terminal: or say --yes")


def write_bundle(
    path: Path, patient: Patient, findings: Sequence[Finding], *, yes: bool, secrets: Iterable[str]
) -> int:
    """0 if it was written, else 1. All that is said goes to standard error."""
    now = time.time()
    made = bundle(patient, findings, now, secrets)
    print(_listed(path, made), file=sys.stderr)
    if not yes and not _agreed(path, made):
        print("nothing was written", file=sys.stderr)
        return 1
    try:
        write(path, packed(made.files, now))
    except OSError as error:
        print(f"error: {path} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{path}: written; look into it before you give it away: tar xzf {path}", file=sys.stderr)
    return 0


def _listed(path: Path, made: Bundle) -> str:
    rows = [f"\n{path} would hold:"]
    rows += [
        f"  {name:12} {len(text.encode()):>9} bytes  {WHAT.get(name, '')}"
        for name, text in made.files.items()
    ]
    return "\n".join([*rows, f"taken out: {taken_out(made.taken_out)}"])


def _agreed(path: Path, made: Bundle) -> bool:
    """A person's answer; `s` shows all of it first."""
    while True:
        question = f"Write {path}? y: yes, s: show all of it first, n: no"
        answer = click.prompt(question, default="n", err=True, show_default=False).strip().lower()
        if answer in ("y", "yes"):
            return True
        if answer not in ("s", "show"):
            return False
        click.echo_via_pager("".join(f"=== {name}\n{text}\n" for name, text in made.files.items()))
