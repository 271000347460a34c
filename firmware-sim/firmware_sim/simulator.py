"""A board on a pseudo-terminal: damage, pace, pty and link around it."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from selectors import EVENT_READ
from typing import Any

from firmware_sim.board import Carry, MakeBoard
from firmware_sim.brownout import BrownOut
from firmware_sim.commands import Commands
from firmware_sim.damage import Damager, Reset, Unplug
from firmware_sim.errors import SimulatorError
from firmware_sim.faults import FaultSpec
from firmware_sim.link import Link
from firmware_sim.loop import Loop
from firmware_sim.opening import Opening
from firmware_sim.outlet import Outlet
from firmware_sim.pace import Pace, byte_ns
from firmware_sim.port_commands import COMMANDS
from firmware_sim.pty_port import PtyPort
from firmware_sim.recording import Recording
from firmware_sim.sensors import NS, Sensors

RETRY_S = 1.0
"""After the board could not be plugged in again: the link's path is taken, or there is no pty left."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the simulator was started; `baud` 0: bytes take no time."""

    link: Path
    control: Path
    speed: float = 60.0
    seed: str = "0"
    faults: FaultSpec = field(default_factory=FaultSpec)
    baud: int = 0


class Simulator(Loop):
    """See `Loop`; `make` makes the board."""

    def __init__(
        self,
        settings: Settings,
        recording: Recording,
        make: MakeBoard,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(
            settings.control,
            Sensors(recording, clock(), settings.speed, settings.seed),
            clock,
        )
        self._settings = settings
        self._port = PtyPort()
        self._link = Link(settings.link)
        self._pace = Pace(self._port.write, byte_ns(settings.baud), clock)
        self._outlet = Outlet(self._pace.write, self._happened)
        self._board = make(self.sensors, settings.seed)
        self._opening = Opening(self._board)
        self._replug_at_ns: int | None = None
        self._cuts = Random(f"{settings.seed}/cut")
        self._brown_out = BrownOut()
        self._complaint = ""
        self._commands: Commands = {
            **COMMANDS,
            **{name: (usage, _now(carry)) for name, (usage, carry) in self._board.commands.items()},
        }
        self.use_faults(settings.faults)

    @property
    def announced(self) -> str:
        """See `Loop`."""
        return f"port: {self.link} -> {self.device}"

    @property
    def commands(self) -> Commands:
        """See `Loop`."""
        return self._commands

    @property
    def device(self) -> str:
        """The pty's name, such as `/dev/pts/4`; empty while unplugged."""
        return self._port.device

    @property
    def link(self) -> Path:
        """The symlink's path; there is none while unplugged."""
        return self._link.path

    def open(self) -> None:
        """See `Loop`: and plug the board in."""
        self._link.claim()
        self._control.open()
        self.replug()

    def close(self) -> None:
        """See `Loop`."""
        self.unplug()
        self._link.release()
        self._board.close()
        self._control.close()
        self._selector.close()

    def why_not(self, name: str) -> str:
        """See `Loop`: what the board refuses."""
        return self._board.refuses.get(name, "")

    # What can be asked for

    def unplug(self, seconds: float | None = None) -> None:
        """Pull the cable; after `seconds` it comes back by itself. Most boards have their power from it."""
        if self._port.device:
            self._selector.unregister(self._port)
            self._link.remove()  # first: a closed pty's number goes to the next who asks
            self._port.unplug()
            self._outlet.clear()
            self._pace.clear()
            if not self._board.own_supply:
                self._opening.end()
                self._board.power_lost()
        self._brown_out.end()
        self._replug_at_ns = None if seconds is None else self.now_ns() + round(seconds * NS)

    def replug(self, other: bool = False, link: Path | None = None) -> None:
        """Plug in (pulling first, if need be), under another device name or with another link if asked."""
        new = None if link in (None, self._link.path) else Link(link)
        if new is not None:
            new.claim()  # first: if that fails, nothing has changed
        self.unplug()
        if new is not None:
            self._link.release()
            self._link = new
        self._port.plug(other)
        self._selector.register(self._port, EVENT_READ, self._readable)
        self._link.point_to(self._port.device)
        if not (self._board.own_supply and self._opening.running):
            self._start()

    def reset(self, in_line: bool = False) -> None:
        """Start the board anew, in the middle of a line if asked; the port stays."""
        self._pace.clear()
        words = self._board.interrupted() if in_line or self._board.resets_in_line else b""
        if len(words) > 1:
            self._outlet.write(words[: self._cuts.randint(1, len(words) - 1)])
        self._outlet.clear()
        self._start()

    def brown_out(self, times: int, seconds: float) -> None:
        """Restart so many times, `seconds` apart, from now on; pulling the cable ends that."""
        self._brown_out.begin(times, seconds, self.now_ns())

    def stall(self, seconds: float) -> None:
        """Send nothing for that long; what the board says meanwhile is kept and sent then."""
        self._outlet.stall(self.now_ns(), seconds)

    def say(self, data: bytes) -> None:
        """Write `data` as it is, now."""
        self._outlet.write(data)

    def use_faults(self, spec: FaultSpec) -> None:
        """Have these faults and no others from now on."""
        for name in spec.names:
            if why := self.why_not(name):
                raise SimulatorError(f"fault {name}: {why}")
        self._faults = spec
        self._damager = Damager(spec, self._settings.seed)
        self.sensors.use(spec)

    def set_speed(self, speed: float) -> None:
        """See `Loop`."""
        now = self.now_ns()
        if self._opening.running:
            self._outlet.send(self._board.run(now), self._damager, now)
        self.sensors.set_speed(now, speed)
        self._board.pace_changed(now)

    def status(self) -> dict[str, Any]:
        """See `Loop`."""
        now = self.now_ns()
        counters = asdict(self._outlet.counters)
        counters["bytes_dropped"] += self._pace.dropped
        return {
            "link": str(self._link.path),
            "device": self._port.device or None,
            "plugged": bool(self._port.device),
            "listening": self._port.listening(),
            **self._board.status(),
            "speed": self.sensors.speed,
            "seed": self._settings.seed,
            "faults": self._faults.text,
            "silent": self.sensors.silent(now),
            "stalled": self._outlet.stalled(now),
            "restarts": self._brown_out.left,
            "counters": {**counters, **self._board.counters()},
        }

    # The loop's work

    def _start(self) -> None:
        """Give the board its power; one that waits for a listener has to wait for one."""
        if self._opening.begin():
            self._board.start(self.now_ns())

    def _work(self, now: int) -> None:
        if self._port.spoiled or (self._replug_at_ns is not None and now >= self._replug_at_ns):
            self._replug_by_itself()
        if not self._port.device:
            if self._board.own_supply:
                self._board.run(now)  # into a cable that ends nowhere
            return
        if self._brown_out.hits(now):
            self._board.power_lost()
            self.reset(in_line=True)
        self._outlet.release(now)
        if self._opening.looks and self._opening.look(now, self._port.listening()):
            self._board.start(now)
        if self._port.device and self._opening.running and (pieces := self._board.run(now)):
            self._outlet.send(pieces, self._damager, now)
        self._pace.release(now)

    def _replug_by_itself(self) -> None:
        """Nobody is there to be told if it fails; so it is tried again, and said once."""
        try:
            self.replug()
        except SimulatorError as err:
            self.unplug(RETRY_S)
            if str(err) != self._complaint:
                sys.stderr.write(f"firmware_sim: cannot plug in again: {err}; trying on\n")
            self._complaint = str(err)
        else:
            self._complaint = ""

    def _next_ns(self) -> int | None:
        times = [self._replug_at_ns]
        if self._opening.running and (self._port.device or self._board.own_supply):
            times.append(self._board.next_due_ns())
        if self._port.device:
            times.append(self._opening.next_ns(self.now_ns()))
            times.append(self._outlet.next_ns())
            times.append(self._pace.next_ns())
            times.append(self._brown_out.next_ns())
        return min((t for t in times if t is not None), default=None)

    def _happened(self, event: Reset | Unplug) -> None:
        if isinstance(event, Unplug):
            self.unplug(event.seconds)
        else:
            self.reset()

    def _readable(self) -> None:
        data = self._damager.incoming.damage(self._port.read())
        if self._opening.running:
            self._board.receive(self.now_ns(), data, lambda: round(self._damager.answer_delay_s() * NS))


def _now(carry: Carry) -> Callable[[Simulator, list[str]], str]:
    """A board's command as one of the simulator's."""
    return lambda simulator, arguments: carry(arguments, simulator.now_ns())
