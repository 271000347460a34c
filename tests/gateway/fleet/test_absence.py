"""`gateway.fleet.absence`: both causes are named, where there are two."""

from __future__ import annotations

import pytest

import sig
from gateway.fleet import absence
from gateway.fleet.keys import Gateway

BARN = Gateway("north", "barn")


def test_nobody_is_seen() -> None:
    """Who shows no certificate sees all that there are."""
    assert absence.nobody(certificate=False) == "no gateway is there"
    assert "or our certificate may see none" in absence.nobody(certificate=True)


def test_one_is_not_seen() -> None:
    """Whether it is a wrong name cannot be told."""
    error = absence.not_seen(BARN)
    assert isinstance(error, sig.UnknownSender)
    assert str(error) == (
        "there is no gateway north/barn in the fleet now: it was stopped, or has never been there"
    )


@pytest.mark.parametrize(
    ("there", "certificate", "asks"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_one_is_silent(there: bool, certificate: bool, asks: bool) -> None:
    """A certificate is in doubt only where the gateway counts as there."""
    error = absence.silent(BARN, there=there, certificate=certificate)
    assert isinstance(error, sig.NotConnected)
    assert str(error).startswith("nobody answers for north/barn now: it went away")
    assert ("--reader --ask" in str(error)) is asks
