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

from firmware_sim.board import Identity
from firmware_sim.commands import speed
from firmware_sim.control import tell
from firmware_sim.errors import SimulatorError
from firmware_sim.faults import EXAMPLE, parse_faults
from firmware_sim.line import is_word
from firmware_sim.recording import DEFAULT_DATA, load
from firmware_sim.simulator import Settings, Simulator

_DEFAULT = Identity()
_STDIN = 0


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
        prog=program, description="A sensor board on a pty, with faults to order."
    )
    parser.add_argument("--link", type=Path, metavar="PATH", help="make PATH a symlink to the port")
    parser.add_argument(
        "--data", type=Path, metavar="FILE", default=DEFAULT_DATA, help="replay this CSV file"
    )
    parser.add_argument(
        "--speed", type=_speed, metavar="X", default=60.0, help="times faster than recorded (60)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same faults and boot numbers again")
    parser.add_argument("--faults", metavar="SPEC", default="none", help=f"such as {EXAMPLE}")
    parser.add_argument("--control", type=Path, metavar="PATH", help="the control socket (LINK.control)")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    parser.add_argument(
        "--name", type=_word, metavar="MODEL", default=_DEFAULT.model, help="the board's model"
    )
    parser.add_argument(
        "--identity", type=_word, metavar="ID", default=_DEFAULT.identity, help="its serial number"
    )
    parser.add_argument("--tell", metavar="COMMAND", help="send COMMAND to the simulator that runs at --link")
    return parser


def _speed(text: str) -> float:
    try:
        return speed(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(f"expected {err}") from err


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
    faults = parse_faults(arguments.faults)
    recording = load(arguments.data)
    seed = SystemRandom().randrange(2**32) if arguments.seed is None else arguments.seed
    with _link_path(arguments.link) as link:
        settings = Settings(
            link=link,
            control=arguments.control or _control_of(link),
            speed=arguments.speed,
            seed=str(seed),
            faults=faults,
            identity=Identity(arguments.name, arguments.identity),
        )
        simulator = Simulator(settings, recording)
        with _signals(simulator.stop) as signalled:
            try:
                simulator.open()
                simulator.watch(signalled.fileno(), simulator.stop)
                if arguments.until_eof:
                    simulator.watch(_STDIN, lambda: _stop_at_end(simulator))
                sys.stdout.write(f"port: {link} -> {simulator.device}\ncontrol: {settings.control}\n")
                sys.stdout.flush()
                simulator.run()
            finally:
                simulator.close()
    return 0


def _stop_at_end(simulator: Simulator) -> None:
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
