"""From what is known of the machine's clock to whether it is believed: pure, no I/O."""

from __future__ import annotations

from typing import NamedTuple

from drivers.reading import format_utc

SLACK_S = 1.0
"""A clock may be set back by so much without seeming earlier than what it said before."""


class Evidence(NamedTuple):
    """What is known at one moment. Times are UTC seconds."""

    wall: float
    synchronised: bool
    """The kernel says that somebody keeps the clock right."""
    silent_client: str | None
    """A time client that runs and has had no answer."""
    newest: float
    """Of what the data folder holds, when a clock was believed."""
    built: float
    """When the program was installed."""
    doubted: str | None
    """Why a clock that was believed is not, for now."""


class Verdict(NamedTuple):
    """Whether the clock is believed, and why, for a person."""

    believed: bool
    synchronised: bool
    why: str


def judge(evidence: Evidence, override: str | None = None) -> Verdict:
    """`override`: `set` or `unset`, from SIG_GATEWAY_CLOCK."""
    known = evidence.synchronised
    if override is not None:
        return Verdict(override == "set", known and override == "set", f"SIG_GATEWAY_CLOCK={override}")
    if known:
        return Verdict(believed=True, synchronised=True, why="it is synchronised")
    text = _against(evidence)
    if text is not None:
        return Verdict(believed=False, synchronised=False, why=f"it is not synchronised, and {text}")
    return Verdict(
        believed=True, synchronised=False, why="no time service (NTP) keeps it, and nothing speaks against it"
    )


def _against(evidence: Evidence) -> str | None:
    if evidence.silent_client is not None:
        return f"{evidence.silent_client} has had no answer yet"
    if evidence.wall < evidence.newest - SLACK_S:
        return f"it is earlier than what the data folder holds ({_date(evidence.newest)})"
    if evidence.wall < evidence.built - SLACK_S:
        return f"it is earlier than the program was installed ({_date(evidence.built)})"
    return evidence.doubted


def _date(utc: float) -> str:
    return format_utc(utc)[:16] + "Z"
