"""Two cables change places: nobody is told the freezer's temperature as the greenhouse's."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import sig
from tests.support.scripted_board import TEMP, ScriptedBoard
from tests.support.waiting import until

pytestmark = pytest.mark.once

GREENHOUSE, FREEZER = "24.0", "-18.0"
CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  a: {{{{port: "{folder}/ttyUSB0"{pinned}}}}}
  b: {{{{port: "{folder}/ttyUSB1"}}}}
sensors:
  greenhouse: {{{{driver: temperature, link: a, channel: temp, cold: 0}}}}
  freezer: {{{{driver: temperature, link: b, channel: temp, hot: -10}}}}
"""


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[tuple[ScriptedBoard, ScriptedBoard]]:
    """The greenhouse's and the freezer's."""
    with (
        ScriptedBoard(tmp_path / "ttyUSB0", [TEMP], identity="0001") as warm,
        ScriptedBoard(tmp_path / "ttyUSB1", [TEMP], identity="0002") as cold,
    ):
        warm.values["temp"], cold.values["temp"] = GREENHOUSE, FREEZER
        yield warm, cold


@contextlib.contextmanager
def heard(client: sig.ClientRouter, *senders: str) -> Iterator[list[tuple[str, str, Any]]]:
    """Sender, event and data of all that happens meanwhile."""
    events: list[tuple[str, str, Any]] = []

    def note(info: dict[str, Any], data: Any) -> None:
        events.append((info["sender"], info["event"], data))

    for sender in senders:
        client.addRemoteListener(note, sender)
    yield events


def swap(first: ScriptedBoard, second: ScriptedBoard) -> None:
    """Pull both, plug each in where the other was."""
    here, there = first.link, second.link
    first.unplug()
    second.unplug()
    first.plug(there)
    second.plug(here)


def value(client: sig.ClientRouter, sender: str) -> dict[str, Any] | None:
    """A live read's answer; None while the sender is not connected."""
    try:
        answer: dict[str, Any] = client.remoteRequest(sender, "read", {"timeout": 2})
    except sig.RequestError:
        return None
    return answer


def is_read(client: sig.ClientRouter, sender: str, wanted: str) -> bool:
    """Whether a live read finds that value."""
    answer = value(client, sender)
    return answer is not None and answer["value"] == float(wanted)


def test_two_boards_that_change_places_are_not_believed(
    tmp_path: Path, start: Callable[..., Any], boards: tuple[ScriptedBoard, ScriptedBoard]
) -> None:
    """What the other board measured is suspect, fires no threshold, and is said to be the other's; back in
    their places both are believed again."""
    gateway = start(CONFIG.format(folder=tmp_path, pinned=""))
    gateway.wait_for_error("listening on")
    with gateway.client() as client, heard(client, "greenhouse", "freezer") as events:
        until(partial(is_read, client, "greenhouse", GREENHOUSE))
        until(partial(is_read, client, "freezer", FREEZER))
        events.clear()
        swap(*boards)
        until(partial(is_read, client, "greenhouse", FREEZER))
        until(partial(is_read, client, "freezer", GREENHOUSE))
        for sender in ("greenhouse", "freezer"):
            answer = value(client, sender)
            assert answer is not None
            assert answer["quality"] == "suspect"
            assert "0001" in answer["reason"]
            assert "0002" in answer["reason"]
            assert "identity:" in answer["reason"]
            info = client.remoteRequest(sender, "info")
            assert "0001" in info["warning"]
            assert "0002" in info["warning"]
            assert gateway.senders()[sender]["warning"] == info["warning"]
        assert [(sender, event) for sender, event, _ in events if event in ("hot", "cold")] == []
        others = {"greenhouse": float(FREEZER), "freezer": float(GREENHOUSE)}
        believed = [
            (sender, data)
            for sender, _, data in events
            if isinstance(data, dict) and data.get("value") == others[sender] and data["quality"] == "good"
        ]
        assert believed == []
        warnings = [line for line in gateway.errors.splitlines() if "WARNING" in line]
        assert any("0001" in line and "0002" in line for line in warnings), warnings
        swap(*boards)
        until(partial(is_read, client, "greenhouse", GREENHOUSE))
        answer = value(client, "greenhouse")
        assert answer is not None
        assert answer["quality"] == "good"


def test_a_pinned_identity_refuses_another_board(
    tmp_path: Path, start: Callable[..., Any], boards: tuple[ScriptedBoard, ScriptedBoard]
) -> None:
    """Nothing of it is published, and the reason names both; the link without a pin goes on."""
    gateway = start(CONFIG.format(folder=tmp_path, pinned=', identity: "0001"'))
    gateway.wait_for_error("listening on")
    with gateway.client() as client, heard(client, "greenhouse") as events:
        until(partial(is_read, client, "greenhouse", GREENHOUSE))
        until(partial(is_read, client, "freezer", FREEZER))
        swap(*boards)
        until(partial(is_read, client, "freezer", GREENHOUSE))

        def named() -> bool:
            try:
                client.remoteRequest("greenhouse", "read")
            except sig.NotConnected as error:
                return "0001" in str(error) and "0002" in str(error)
            return False

        until(named, what=f"a reason that names both: {gateway.errors}")
        published = [data.get("value") for _, _, data in events if isinstance(data, dict)]
        assert float(FREEZER) not in published
        swap(*boards)
        until(partial(is_read, client, "greenhouse", GREENHOUSE))
