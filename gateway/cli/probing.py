"""`ports --probe`: what speaks on each port, and the config lines for it, printed or written."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from drivers.errors import OptionError, PortError, PortNotFoundError
from drivers.stream.conversation import escaped
from drivers.stream.port_names import PortInfo, names_for_config
from drivers.stream.ports import PortSource, list_ports, parse_port
from gateway.cli.ports import as_row, title
from gateway.config import Config, ConfigError, load
from gateway.config.writing import CannotWriteError, add_to_config
from gateway.plain import plain
from gateway.probe.found import Found, FoundChannel
from gateway.probe.prober import LISTEN_S, Prober, Verdict
from gateway.probe.proposal import Proposal
from gateway.probe.registry import detectors


def probe(
    names: Sequence[str], path: Path, *, as_json: bool, write: bool, yes: bool, listen_s: float | None
) -> int:
    """Probe the ports called `names`, or all. What goes on is told on stderr, what was found on stdout."""
    config = _config(path)
    if write and config is None and path.exists():
        print(f"error: {path} has errors; `sig-gateway check` shows them", file=sys.stderr)
        return 2
    prober = Prober(
        detectors(),
        say=_say,
        agrees=lambda words: _agrees(words, yes=yes),
        listen_s=listen_s or LISTEN_S,
    )
    known = _known_ports(config)
    proposal = Proposal(config.links if config else (), config.sensors if config else ())
    rows, failed = [], False
    with contextlib.ExitStack() as owned:
        for name, info in _chosen(names, owned):
            verdict = Verdict(problem=info) if isinstance(info, str) else prober.probe(info.device)
            port = None if isinstance(info, str) else info
            link = known.get(os.path.realpath(port.device)) if port is not None else None
            if verdict.found is not None and verdict.settings is not None and link is None:
                proposal.add(name, verdict.found, verdict.settings)
            failed |= isinstance(info, str)
            rows.append(_row(name, port, verdict, link))
            if not as_json:
                _print(name, port, verdict, link)
    if as_json:
        print(json.dumps({"ports": rows, "config": proposal.sections}))
    else:
        _print_proposal(proposal, rows, write=write)
    written = _write(path, proposal) if write and proposal.links else 0
    return written or int(failed)


def _say(text: str) -> None:
    print(plain(text), file=sys.stderr, flush=True)


def _agrees(words: str, *, yes: bool) -> bool:
    """Ask a person; where there is none, only what was agreed to beforehand."""
    if yes:
        _say(words)
        return True
    if not sys.stdin.isatty():
        _say(f"{words}; that needs --yes here, as nobody can be asked")
        return False
    return click.confirm(plain(f"{words}. Do so?"), default=False, err=True)


def _config(path: Path) -> Config | None:
    """The config at `path`, for the names and ports that it has already; None if there is none that is
    right."""
    try:
        return load(path)
    except ConfigError:
        return None


def _known_ports(config: Config | None) -> dict[str, str]:
    """By device, the link that the config has there."""
    known = {}
    for name, link in config.links.items() if config is not None else ():
        port = link.options.get("port")
        if isinstance(port, str) and not port.startswith("sim:"):
            with contextlib.suppress(OptionError, PortError):
                known[os.path.realpath(parse_port(port).resolve())] = name
    return known


def _chosen(names: Sequence[str], owned: contextlib.ExitStack) -> list[tuple[str, PortInfo | str]]:
    """What the config calls each port that is to be probed, and the port; or why there is none."""
    there = list_ports()
    if not names:
        return list(zip(names_for_config(there), there, strict=True))
    found: list[tuple[str, PortInfo | str]] = []
    by_device = {info.device: (name, info) for name, info in zip(names_for_config(there), there, strict=True)}
    for name in names:
        try:
            source: PortSource = parse_port(name)
            owned.callback(source.close)
            device = source.resolve()
        except (OptionError, PortError, PortNotFoundError) as error:
            found.append((name, str(error)))
            continue
        if Path(device).is_dir():
            found.append((name, f"{name} is a folder, no port; `sig-gateway ports` lists the ports"))
            continue
        best, info = by_device.get(
            os.path.realpath(device), (name, PortInfo(device, "n/a", None, None, None))
        )
        # A name that was given is kept where nothing better is known of the port.
        found.append((best, info if info.device == device else replace(info, device=device)))
    return found


def _row(name: str, port: PortInfo | None, verdict: Verdict, link: str | None) -> dict[str, Any]:
    """A port as `--json` shows it."""
    about = as_row(name, port) if port is not None else {"port": name}
    found = None
    if verdict.found is not None and verdict.settings is not None:
        found = {
            "protocol": verdict.found.protocol,
            "baud": verdict.settings.baud,
            "parity": verdict.settings.parity,
            "what": verdict.found.what,
            "channels": [channel._asdict() for channel in verdict.found.channels],
            "notes": list(verdict.found.notes),
            "board": dict(verdict.found.board) or None,
        }
    return about | {
        "holders": list(verdict.holders),
        "problem": verdict.problem,
        "configured": link,
        "found": found,
        "sample": escaped(verdict.sample) if verdict.sample else None,
    }


def _print(name: str, port: PortInfo | None, verdict: Verdict, link: str | None) -> None:
    print(plain(title(port) if port is not None else name))
    if port is not None:
        print(f"    port: {json.dumps(name, ensure_ascii=False)}")
        for other in sorted({port.usb_id, port.by_id, port.by_path} - {None, name}, key=str):
            print(plain(f"    also: {other}"))
    if link is not None:
        print(f"    link {link} of the config has it already")
    for line in _words(verdict):
        print(plain(f"    {line}"))


def _words(verdict: Verdict) -> list[str]:
    if verdict.holders:
        return [f"in use by {', '.join(verdict.holders)}: not touched"]
    words = []
    if verdict.found is not None and verdict.settings is not None:
        words += _found_words(verdict.found, verdict.settings.baud)
    elif verdict.problem is None:
        came = f"nobody was understood; what came: {escaped(verdict.sample)}"
        words.append(came if verdict.sample else "nothing came")
    if verdict.problem is not None:
        words.append(verdict.problem)
    return words


def _found_words(found: Found, baud: int) -> list[str]:
    return [
        f"{found.protocol} at {baud} baud: {found.what}",
        *(f"  {line}" for line in (*found.notes, *_channel_words(found.channels))),
    ]


def _channel_words(channels: Sequence[FoundChannel]) -> list[str]:
    """A line each, in columns."""
    names = max((len(channel.name) for channel in channels), default=0)
    kinds = max((len(channel.kind) for channel in channels), default=0)
    return [
        f"{channel.name:<{names}}  {channel.kind:<{kinds}}  {_value_words(channel)}".rstrip()
        for channel in channels
    ]


def _value_words(channel: FoundChannel) -> str:
    return "" if channel.value is None else f"{channel.value:g} {channel.unit}".strip()


def _print_proposal(proposal: Proposal, rows: Sequence[object], *, write: bool) -> None:
    if not rows:
        print('No serial ports found. Plug a board in and try again; port: "sim:" is the simulated board.')
    if proposal.links:
        print("\n# For the config:" if not write else "\n# New in the config:")
        print(proposal.text(), end="")
    if proposal.choices:
        print(
            "\n# Not in the config, as only you can tell which it is. Of these, one belongs there:\n# links:"
        )
        print(*(plain(line) for line in proposal.choices), sep="\n")
    if proposal.left_out:
        print(f"# No driver fits: {', '.join(proposal.left_out)}")


def _write(path: Path, proposal: Proposal) -> int:
    try:
        backup = add_to_config(path, proposal.sections)
    except CannotWriteError as error:
        print(plain(f"error: {error}"), file=sys.stderr)
        return 1
    before = f"; what was there before is {path.parent / backup.name}" if backup else ""
    _say(f"{path}: written{before}")
    return 0
