"""A machine that has no thread left: a start that fails is undone, and a stop goes on to its end."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import Link
from drivers.dispatcher import Dispatcher
from gateway.app import App
from gateway.config import load
from tests.support.leaks import nothing_left
from tests.support.ports import free_port

REFUSAL = "can't start new thread"


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    with nothing_left():
        yield


class Machine:
    """Of which threads' beginnings it takes none more."""

    def __init__(self) -> None:
        self.refused: tuple[str, ...] = ()
        self.begin = threading.Thread.start

    def start(self, thread: threading.Thread) -> None:
        """In place of `Thread.start`."""
        if thread.name.startswith(self.refused):
            raise RuntimeError(REFUSAL)
        self.begin(thread)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """It has all threads that are wanted, until a test says otherwise."""
    made = Machine()
    monkeypatch.setattr(threading.Thread, "start", lambda thread: made.start(thread))
    return made


def app_in(folder: Path) -> App:
    """With each service that has a thread of its own, but for HTTP's."""
    path = folder / "config.yaml"
    path.write_text(
        f"gateway: {{data: {folder}/data}}\nrouter: {{listen: 'unix:{folder}/s'}}\n"
        f"history: {{}}\nmqtt: {{url: 'mqtt://127.0.0.1:{free_port()}'}}\nlinks: {{b: {{port: 'sim:'}}}}\n"
    )
    return App(load(path))


@pytest.mark.parametrize("name", ["link-b", "dispatcher", "keeping", "history", "reload"])
def test_a_start_that_finds_none_is_undone(tmp_path: Path, machine: Machine, name: str) -> None:
    """Its own error is raised, and nothing is left open: another gateway can have the data folder."""
    machine.refused = (name, "stop-")
    with pytest.raises(RuntimeError, match=REFUSAL):
        app_in(tmp_path).start()
    machine.refused = ()
    again = app_in(tmp_path)
    again.start()
    assert again.stop()


def test_without_one_for_mqtt_the_rest_runs(tmp_path: Path, machine: Machine) -> None:
    """It is left out, gathers nothing, and holds up no stop."""
    machine.refused = ("mqtt",)
    app = app_in(tmp_path)
    app.start()
    assert REFUSAL in app.health()["parts"]["mqtt"]["message"]
    machine.refused = ("mqtt", "stop-")
    assert app.stop()


def test_a_link_that_finds_none_is_as_closed(machine: Machine) -> None:
    """Its own dispatcher has ended with it; it can be closed, and opened when there are threads again."""
    link = Link("b", "sim:")
    machine.refused = ("link-",)
    with pytest.raises(RuntimeError, match=REFUSAL):
        link.open()
    assert not link.dispatcher.status().running
    assert link.turned is None
    link.close()
    machine.refused = ()
    with link:
        assert link.turned is not None


def test_a_dispatcher_that_finds_none_is_as_stopped(machine: Machine) -> None:
    """It can be stopped, and started later."""
    dispatcher = Dispatcher(name="d")
    machine.refused = ("d",)
    with pytest.raises(RuntimeError, match=REFUSAL):
        dispatcher.start()
    assert dispatcher.stop()
    machine.refused = ()
    with dispatcher:
        assert dispatcher.status().running
