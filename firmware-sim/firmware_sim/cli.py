"""The command line: settings in, a simulator that runs until it is told to end."""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

from firmware_sim.commands import speed
from firmware_sim.control import tell
from firmware_sim.errors import SimulatorError
from firmware_sim.faults import EXAMPLE, parse_faults
from firmware_sim.line import is_word
from firmware_sim.loop import Loop
from firmware_sim.protocols import PROTOCOLS, REPLAY, board, chosen
from firmware_sim.recording import DEFAULT_DATA, load
from firmware_sim.simulator import Settings, Simulator

_STDIN = 0
BAUDS = (50, 4_000_000)
"""What Linux's serial ports can be set to."""
SHAPES = 10
MAX_KEPT = 65_535
"""Readings, as sensorline's hello can say it."""


def main(argv: Sequence[str] | None = None, program: str = "firmware_sim") -> int:
    """Run the simulator, or tell one that runs: 0, 1 for a command that was refused, 2 for wrong usage.

    `program`: what it is called in its help and errors.
    """
    arguments = _parser(program).parse_args(argv)
    try:
        if arguments.tell is not None:
            return _tell(arguments)
        return _simulate(arguments)
    except SimulatorError as err:
        sys.stderr.write(f"{program}: error: {err}\n")
        return 2 if arguments.tell is None else 1


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program, description="Sensors on a port that is none, or in a folder, with faults to order."
    )
    add = parser.add_argument
    add("--protocol", choices=PROTOCOLS, help="what it speaks (sensorline)")
    add("--link", type=Path, metavar="PATH", help="make PATH a symlink to the port; sysfs: a folder")
    add("--data", type=Path, metavar="FILE", help="measure what this CSV file says")
    add("--replay", type=Path, metavar="FILE", help="say again what a capture's device said")
    add("--loop", action="store_true", help="begin the replay again at its end")
    add("--speed", type=_speed, metavar="X", help="times faster than recorded (60; a replay: 1)")
    add("--seed", type=int, metavar="N", help="the same faults and boot numbers again")
    add("--faults", metavar="SPEC", help=f"such as {EXAMPLE}")
    add("--baud", type=_baud, metavar="N", help="bytes take their time on the line, 11 bits each")
    add("--shape", type=_shape, metavar="N", help="text: what kind of sketch, 1 to 10 (1)")
    add("--degree", choices=("utf-8", "latin-1"), help="text: how it writes the sign of degrees (utf-8)")
    add("--slaves", metavar="ID:NAME,…", help="modbus: who is on the bus (1:xy-md02,2:rs-ws-n01,3:r444a01)")
    add("--control", type=Path, metavar="PATH", help="the control socket (LINK.control)")
    add("--until-eof", action="store_true", help="end when standard input ends")
    add("--name", type=_word, metavar="MODEL", help="sensorline: the board's model")
    add("--identity", type=_word, metavar="ID", help="sensorline: its serial number")
    add(
        "--kept", type=_kept, metavar="N", help="sensorline: readings kept until acknowledged (1000; 0: none)"
    )
    add("--supply", choices=("usb", "own"), help="sensorline: own: the cable is not its power (usb)")
    add("--tell", metavar="COMMAND", help="send COMMAND to the simulator that runs at --link")
    return parser


def _speed(text: str) -> float:
    try:
        return speed(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(f"expected {err}") from err


def _baud(text: str) -> int:
    return _number(text, *BAUDS, "a baud rate")


def _shape(text: str) -> int:
    return _number(text, 1, SHAPES, "a shape")


def _kept(text: str) -> int:
    return _number(text, 0, MAX_KEPT, "a number of readings")


def _number(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected {what} from {least} to {most}; got {text!r}")
    return int(text)


def _word(text: str) -> str:
    if not is_word(text):
        raise argparse.ArgumentTypeError(
            f"expected 1 to 24 visible ASCII characters but $ and *; got {text!r}"
        )
    return text


def _tell(arguments: argparse.Namespace) -> int:
    if arguments.control is None and arguments.link is None:
        raise SimulatorError("--tell: expected --link or --control as well, to say which simulator")
    reply = tell(arguments.control or _control_of(arguments.link), arguments.tell)
    sys.stdout.write(reply + "\n")
    return 0 if reply.startswith("ok") else 1


def _control_of(link: Path) -> Path:
    if not link.name:
        raise SimulatorError(f"--link: expected a file's path; got {str(link)!r}")
    return link.with_name(link.name + ".control")


def _simulate(arguments: argparse.Namespace) -> int:
    protocol = chosen(arguments)
    faults = parse_faults(arguments.faults or "none")
    with _link_path(arguments.link) as link:
        settings = Settings(
            link=link,
            control=arguments.control or _control_of(link),
            speed=arguments.speed or (1.0 if protocol == REPLAY else 60.0),
            seed=str(SystemRandom().randrange(2**32) if arguments.seed is None else arguments.seed),
            faults=faults,
            baud=arguments.baud or 0,
        )
        return _serve(_made(protocol, settings, arguments), settings, until_eof=arguments.until_eof)


def _made(protocol: str, settings: Settings, arguments: argparse.Namespace) -> Loop:
    recording = load(arguments.data or DEFAULT_DATA)
    if protocol == "sysfs":
        from firmware_sim.sysfs.simulator import TreeSimulator

        return TreeSimulator(settings, recording)
    return Simulator(settings, recording, board(protocol, arguments))


def _serve(simulator: Loop, settings: Settings, *, until_eof: bool) -> int:
    with _signals(simulator.stop) as signalled:
        try:
            simulator.open()
            simulator.watch(signalled.fileno(), simulator.stop)
            if until_eof:
                simulator.watch(_STDIN, lambda: _stop_at_end(simulator))
            sys.stdout.write(f"{simulator.announced}\ncontrol: {settings.control}\n")
            sys.stdout.flush()
            simulator.run()
        finally:
            simulator.close()
    return 0


def _stop_at_end(simulator: Loop) -> None:
    if not os.read(_STDIN, 4096):
        simulator.stop()


@contextmanager
def _link_path(link: Path | None) -> Iterator[Path]:
    if link is not None:
        yield link
        return
    from tempfile import TemporaryDirectory  # 7 ms of start-up, most of it shutil

    with TemporaryDirectory(prefix="firmware-sim-") as folder:
        yield Path(folder) / "board"


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[socket.socket]:
    """SIGINT and SIGTERM call `stop`, and make the socket readable, so that a loop that waits wakes up."""
    awake, waker = socket.socketpair()
    waker.setblocking(False)
    with awake, waker:
        wakeup = signal.set_wakeup_fd(waker.fileno())
        before = {
            number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield awake
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)
