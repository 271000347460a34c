"""Rigs for the contract: the scripted board on a pty, the same behind a network's port, the simulator."""

import os
import select
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from drivers.kinds import new_source
from drivers.source import Source
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]


class BoardRig:
    """A sensorline board at a path."""

    channel = "temp"

    def __init__(self, folder: Path) -> None:
        self.board = ScriptedBoard(folder / "board")

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        with self.board:  # which ends it, plugged in or not
            pass

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        return new_source("sensorline", {"port": str(self.board.link)})

    def measure(self) -> None:
        """See `Rig`."""
        self.board.report("temp", "21.5")

    def plug(self) -> None:
        """See `Rig`."""
        self.board.plug()

    def unplug(self) -> None:
        """See `Rig`."""
        self.board.unplug()


class NetworkRig(BoardRig):
    """The same board behind a server that hands bytes on, as ser2net does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = Ser2Net(self.board.link)

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        return new_source("sensorline", {"port": f"socket://127.0.0.1:{self._server.port}"})

    def plug(self) -> None:
        """See `Rig`."""
        super().plug()
        self._server.start()

    def unplug(self) -> None:
        """See `Rig`."""
        self._server.stop()
        super().unplug()


class SimulatorRig:
    """The simulator, which the source itself starts: so it runs from `open` to `close`."""

    channel = "temp"

    def __init__(self, folder: Path) -> None:
        self._link = folder / "board"
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        # So that the child is found though it is not installed.
        path = os.pathsep.join([str(ROOT / "firmware-sim"), *filter(None, sys.path)])
        self._patch.setenv("PYTHONPATH", path)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def source(self) -> Source:
        """See `Rig`. A row of the recording each 20 ms, so that values come soon by themselves."""
        return new_source("sensorline", {"port": f"sim:{self._link}?speed=3000&seed=1"})

    def measure(self) -> None:
        """See `Rig`."""

    def plug(self) -> None:
        """See `Rig`."""
        self._tell("replug")

    def unplug(self) -> None:
        """See `Rig`."""
        self._tell("unplug")

    def _tell(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(DEADLINE_S)
            control.connect(f"{self._link}.control")
            control.sendall(f"{command}\n".encode())
            answer = control.recv(4096)
        assert answer.startswith(b"ok"), answer


class Ser2Net:
    """One client at a time, at the same `port` after each start."""

    def __init__(self, device: Path) -> None:
        self._device = device
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port: int = listening.getsockname()[1]
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. A client may connect from now on."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="ser2net")
        self._thread.start()

    def stop(self) -> None:
        """Hang up, and refuse who connects."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        os.write(self._end, b"x")
        thread.join()
        self._listening.close()
        os.close(self._ended)
        os.close(self._end)

    def _serve(self) -> None:
        waited_for: list[Any] = [self._listening, self._ended]
        while self._ended not in select.select(waited_for, [], [])[0]:
            client, _ = self._listening.accept()
            with client, _opened(self._device) as device, suppress(ConnectionError):
                if self._hand_on(client, device):
                    return

    def _hand_on(self, client: socket.socket, device: int) -> bool:
        """Until the client leaves; True when it is us who end it."""
        while True:
            waited_for: list[Any] = [client, device, self._ended]
            ready = select.select(waited_for, [], [])[0]
            if self._ended in ready:
                return True
            if device in ready:
                client.sendall(os.read(device, 4096))
            if client in ready:
                data = client.recv(4096)
                if not data:
                    return False
                os.write(device, data)


@contextmanager
def _opened(device: Path) -> Iterator[int]:
    descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
