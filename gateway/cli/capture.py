"""`capture`: what goes over a link's port, into a file (docs/capture.md).

Where a gateway runs, it has the port, and hands out what goes by. Where none runs, the port is opened here,
with the config's settings, and only listened to: nobody asks the device for anything then.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import click

import sig
from drivers.errors import LinkLostError, PortError, PortNotFoundError
from drivers.kinds import new_source
from drivers.reading import format_utc
from drivers.stream.capture import CaptureWriter, header
from drivers.stream.on_port import OnPort
from drivers.stream.tap import NOTE
from drivers.stream.transport import open_transport
from gateway.cli.check import load_or_explain
from gateway.cli.client import complain, connection
from gateway.cli.common import EXIT_USAGE
from gateway.cli.own_gateway import own_token, own_url
from gateway.config import Config
from gateway.plain import plain
from gateway.probe.users import refuse_used
from gateway.senders import OWN_NAME

EVERY_S = 0.2
"""How often the gateway is asked for more."""

AGAIN_S = 0.5
"""How often a port that is not there is looked for."""


class _File:
    """The capture as it grows. Nothing waits in the program: one that is cut short is good up to there."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._writer = CaptureWriter()
        self.bytes = 0

    def begin(self, link: str, about: dict[str, Any]) -> None:
        """The header."""
        self._put(header(link, about["port"], about["baud"], about["protocol"], about["time"]))

    def add(self, seconds: float, way: str, data: bytes) -> None:
        """A piece."""
        self._put("".join(self._writer.lines(seconds, way, data)))
        self.bytes += len(data) if way != NOTE else 0

    def _put(self, text: str) -> None:
        data = text.encode()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            name = os.fsdecode(self._file.name)
            raise click.ClickException(f"{name} cannot be written: {error.strerror}") from None


def capture(
    link: str,
    path: Path,
    *,
    url: str | None,
    token: str | None,
    config_path: Path,
    seconds: float | None,
) -> int:
    """Capture a link of the gateway that listens at `url`; without one, of that which runs with the config,
    and where none does, of the config alone."""
    config = None
    if url is None:
        config = load_or_explain(config_path)
        if config is None:
            return EXIT_USAGE
        url, token = own_url(config), token or own_token(config)
    try:
        with contextlib.ExitStack() as owned:
            try:
                client = owned.enter_context(connection(url, token))
            except click.ClickException as error:
                if config is None:
                    raise
                return _capture_alone(config, link, path, seconds, error.message)
            begun = client.remoteRequest(OWN_NAME, "capture", {"link": link})
            try:
                file = owned.enter_context(_new_file(path))
                file.begin(link, begun)
                return _fetch(client, begun["capture"], file, path, _Ending(seconds))
            except click.ClickException:  # of the file: the gateway need not wait for us, nor others for it
                with contextlib.suppress(sig.RequestError):
                    client.remoteRequest(OWN_NAME, "capture", {"capture": begun["capture"], "end": True})
                raise
    except sig.RequestError as error:
        return complain(error)


def _fetch(client: sig.ClientRouter, number: int, file: _File, path: Path, ending: _Ending) -> int:
    _say(f"capturing into {path}; Ctrl-C ends it")

    def fetch(*, end: bool = False) -> bool:
        params = {"capture": number, "end": True} if end else {"capture": number}
        answer = client.remoteRequest(OWN_NAME, "capture", params)
        for at, way, what in answer["pieces"]:
            file.add(at, way, what.encode() if way == NOTE else bytes.fromhex(what))
        return bool(answer["over"])

    over = False
    with _interruptible():
        while not over and not ending.come():
            ending.wait(EVERY_S)
            over = fetch()
    if not over:
        fetch(end=True)
    return _done(file, path)


def _capture_alone(config: Config, link: str, path: Path, seconds: float | None, why: str) -> int:
    """Capture a link of the config, as no gateway answers; `why` that is."""
    if link not in config.links:
        print(plain(f"error: no link {link!r} in {config.path}"), file=sys.stderr)
        return EXIT_USAGE
    section = config.links[link]
    source = new_source(section.protocol, section.options)
    if not isinstance(source, OnPort):
        print(plain(f"error: link {link} has no port, and so no bytes to capture"), file=sys.stderr)
        return EXIT_USAGE
    hidden = ("links", link, "port") in config.secrets
    about = {
        "port": None if hidden else section.options.get("port"),
        "baud": source.settings.baud,
        "protocol": section.protocol,
        "time": format_utc(time.time()),
    }
    try:
        refuse_used(source.port.resolve())
    except PortNotFoundError:
        pass  # that is told below
    except PortError as error:
        source.port.close()
        print(plain(f"error: {error}; {why}"), file=sys.stderr)
        return 1
    with _new_file(path) as file:
        file.begin(link, about)
        _say(f"no gateway runs: listening to {link} alone, into {path}; Ctrl-C ends it")
        return _listen(source, file, path, _Ending(seconds))


def _listen(source: OnPort, file: _File, path: Path, ending: _Ending) -> int:
    """From opening to opening, as long as nobody ends it; what cannot be opened at all ends it at once."""
    began = time.monotonic()
    source.tap.add(lambda at, way, data: file.add(at - began, way, data))
    with contextlib.closing(source.port), _interruptible():
        while not ending.come():
            try:
                device = source.port.resolve()
                refuse_used(device)
                with open_transport(device, source.settings, tap=source.tap) as transport:
                    while not ending.come():
                        transport.read(min(EVERY_S, ending.left()))
            except LinkLostError as error:
                _say(str(error))
                ending.wait(AGAIN_S)
            except PortError as error:
                if not file.bytes:
                    print(plain(f"error: {error}"), file=sys.stderr)
                    return 1
                ending.wait(AGAIN_S)
    return _done(file, path)


class _Ending:
    """When it is enough: after `seconds`, or never (but Ctrl-C)."""

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._never = threading.Event()

    def left(self) -> float:
        """Seconds; for ever, one more."""
        return EVERY_S if self._until is None else max(0.0, self._until - time.monotonic())

    def come(self) -> bool:
        """Whether it is time."""
        return self._until is not None and time.monotonic() >= self._until

    def wait(self, seconds: float) -> None:
        """So long, or until it is time."""
        self._never.wait(min(seconds, self.left()))


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[_File]:
    """A file that was not there before; nothing is written over. Raises `click.ClickException`."""
    try:
        opened = path.open("xb", buffering=0)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; choose another name, or remove it") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    with opened as file:
        yield _File(file)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends what is inside, and is no error."""
    with contextlib.suppress(KeyboardInterrupt):
        yield


def _done(file: _File, path: Path) -> int:
    _say(f"{file.bytes} bytes in {path}")
    return 0


def _say(text: str) -> None:
    print(plain(text), file=sys.stderr, flush=True)
