"""`doctor`: what is wrong, line by line, with the remedy of each."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

import sig
from gateway.cli.client import connection, parse_url, to_json
from gateway.cli.collect import or_collect
from gateway.cli.doctor_bundle import refuse_early, write_bundle
from gateway.cli.own_gateway import own_token, own_url
from gateway.config import Config
from gateway.config.collecting import is_collect
from gateway.doctor.collector import look_at_collector
from gateway.doctor.finding import Finding, Level, report, worst
from gateway.doctor.looking import first_round, second_round
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Running
from gateway.live.lines import Line, cut, has_colours, is_terminal, painted, wrapped
from gateway.plain import plain
from gateway.senders import OWN_NAME

WITHIN_S = 4.0
"""For the gateway that runs to take the connection, and for each of its answers."""
LEAST_COLUMNS = 30
"""Of a message: below that it is not wrapped to what the terminal has left."""
DEFAULT_URL = "tcp://127.0.0.1:7300"


class Where(NamedTuple):
    """The gateway that runs. `url`: None where the config says it; `token`: None where it does, too."""

    url: str | None
    token: str | None


def doctor(
    path: Path, where: Where, *, as_json: bool, bundle: Path | None, yes: bool, machine: Machine
) -> int:
    """Look at everything, tell of it; 0 if nothing is red. `machine`: the real one but for tests."""
    if where.url is not None:
        parse_url(where.url)
    if bundle is not None:
        refuse_early(bundle, yes=yes)
    path = or_collect(path)
    with _progress() as waiting:
        if is_collect(path):
            if where.url is not None:
                raise click.UsageError(f"--connect is for a gateway, and {path} is a collector's config")
            patient, findings = look_at_collector(path, machine, waiting)
        else:
            patient, findings = first_round(path, lambda config: ask(where, config), machine, waiting)
            findings += second_round(patient, waiting)
    if as_json:
        print(to_json(report(findings)))
    else:
        _print(findings)
    status = 1 if worst(findings) is Level.RED else 0
    if bundle is None:
        return status
    secrets = filter(None, [where.token])
    return write_bundle(bundle, patient, findings, yes=yes, secrets=secrets) or status


def _print(findings: Sequence[Finding]) -> None:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    styled, colours = is_terminal(sys.stdout), has_colours(sys.stdout)
    for line in lines(findings, width):
        print(painted(line, colours=colours) if styled else "".join(text for text, _ in line))


def ask(where: Where, config: Config | None) -> Running:
    """The gateway that runs: what it says of itself. Waits for it no longer than it may take."""
    url = where.url or (own_url(config) if config is not None else DEFAULT_URL)
    known = config is not None and not config.is_denied("router", "token")
    token = where.token or (own_token(config) if config is not None and known else None)
    try:
        with connection(url, token, within_s=WITHIN_S) as client:
            health = client.remoteRequest(OWN_NAME, "health", timeout=WITHIN_S)
            info = client.remoteRequest(OWN_NAME, "info", timeout=WITHIN_S)
    except click.ClickException as error:
        text = error.format_message()
        return Running(url, problem=text, refused="refused" in text or "No such file" in text)
    except sig.RequestError as error:
        locked = isinstance(error, sig.Unauthorized)
        return Running(url, problem=f"{error.error}: {error}", locked=locked)
    return (
        Running(url, health, info) if isinstance(health, dict) else Running(url, problem="it says nonsense")
    )


def lines(findings: Sequence[Finding], width: int | None) -> Iterator[Line]:
    """A line for each, its remedy below it, and the sum of all at the end. A text takes several lines where
    `width` columns are too few (None: they never are)."""
    names = max((len(finding.check) for finding in findings), default=0)
    for check, level, message, remedy in findings:
        begin = " " * (8 + names + 2)
        room = None if width is None else max(LEAST_COLUMNS, width - len(begin))
        first, *more = _fitted(plain(message), room)
        yield [(f"{level:6}", level), (f"  {check:{names}}  {first}", "")]
        for text in more:
            yield [(begin + text, "")]
        if remedy:
            yield from ([(begin + text, "bold")] for text in _fitted(f"> {plain(remedy)}", room))
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    yield [("", "")]
    yield [(", ".join(f"{count} {level}" for level, count in counts.items() if count), worst(findings))]


def _fitted(text: str, room: int | None) -> list[str]:
    return [text] if room is None else wrapped(text, room)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[Sequence[str]], None]]:
    """Gives what is to be told who is still waited for: a line on standard error, on a terminal."""
    if not is_terminal(sys.stderr):
        yield lambda _names: None
        return

    def tell(names: Sequence[str]) -> None:
        text = cut(f"looking: {', '.join(names)}", shutil.get_terminal_size().columns - 1)
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
