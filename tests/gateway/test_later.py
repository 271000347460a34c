"""Imports that are put off."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.later import Later, later
from tests.support.uncovered import UNCOVERED

NAME = "imported_later"


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """There is one of that name to be imported."""
    (tmp_path / f"{NAME}.py").write_text("ANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(NAME, None)


def test_it_is_imported_when_it_is_used() -> None:
    """And not before; who imports it after the block gets the module itself."""
    with later(NAME):
        import imported_later as late  # type: ignore[import-not-found]
    assert isinstance(late, Later)
    assert NAME not in sys.modules
    assert late.ANSWER == 42
    assert sys.modules[NAME].ANSWER == 42
    assert "ANSWER" in vars(late)
    import imported_later as real

    assert not isinstance(real, Later)


def test_what_is_used_within_the_block() -> None:
    """By a thread that is quick, or at the import itself: it is there."""
    with later(NAME):
        from imported_later import ANSWER

        assert not isinstance(sys.modules[NAME], Later)
    assert ANSWER == 42
    assert not isinstance(sys.modules[NAME], Later)


def test_what_is_there_stays() -> None:
    """It need not be put off any more."""
    import imported_later as real

    with later(NAME):
        import imported_later as again
    assert again is real is sys.modules[NAME]


def test_what_it_does_not_have() -> None:
    """Is no attribute, as of any module; and what fails in the block leaves nothing behind."""
    with later(NAME):
        import imported_later as late
    with pytest.raises(ZeroDivisionError), later(NAME):
        raise ZeroDivisionError
    assert NAME not in sys.modules
    with pytest.raises(AttributeError, match="QUESTION"):
        late.QUESTION  # noqa: B018 - that is what is tested


def test_a_gateway_without_tls() -> None:
    """Its imports, with MQTT, bring nothing of OpenSSL's, and no HTTP: 6 MB."""
    program = (
        "import sys, gateway.cli.run, gateway.cli.check, gateway.app, gateway.mqtt.bridge\n"
        "print(*({'ssl', '_ssl', 'hashlib', '_hashlib', 'http', 'urllib.request'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | UNCOVERED, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
