"""The program's loop: board, damage, pty, link and control channel on one thread and one selector."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from selectors import EVENT_READ, SelectSelector
from typing import Any

from firmware_sim.board import MAX_BOOT, Board, Identity
from firmware_sim.commands import answer
from firmware_sim.control import ControlServer
from firmware_sim.damage import Damager, Reset, Unplug
from firmware_sim.errors import SimulatorError
from firmware_sim.faults import FaultSpec
from firmware_sim.line import LineReader, encode
from firmware_sim.link import Link
from firmware_sim.outlet import Outlet
from firmware_sim.pty_port import PtyPort
from firmware_sim.recording import Recording
from firmware_sim.sensors import NS, Sensors

MIN_WAIT_NS = 500_000
"""The loop runs at most 2,000 times a second, whatever the speed; readings then go several at a time."""
LONGEST_WAIT_NS = 3600 * NS
LAST_WORDS = encode("D the supply voltage falls")
"""What a board is saying when it restarts in the middle of a line."""
RETRY_S = 1.0
"""After the board could not be plugged in again: the link's path is taken, or there is no pty left."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the simulator was started."""

    link: Path
    control: Path
    speed: float = 60.0
    seed: str = "0"
    faults: FaultSpec = field(default_factory=FaultSpec)
    identity: Identity = field(default_factory=Identity)


class Simulator:
    """`open`, then `run` until `stop`, then `close`. What the control channel asks for are methods here."""

    def __init__(
        self, settings: Settings, recording: Recording, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.now_ns = clock
        self._settings = settings
        self._selector = SelectSelector()  # waits to the microsecond; epoll rounds up to a millisecond
        self._port = PtyPort()
        self._link = Link(settings.link)
        self._control = ControlServer(settings.control, self._selector, lambda line: answer(self, line))
        self._outlet = Outlet(self._port.write, self._happened)
        self.sensors = Sensors(recording, clock(), settings.speed, settings.seed)
        first_boot = Random(f"{settings.seed}/boot").randint(1, MAX_BOOT)
        self._board = Board(self.sensors, settings.identity, first_boot)
        self._speed = settings.speed
        self._reader = LineReader()
        self._requests_damaged = 0
        self._replug_at_ns: int | None = None
        self._cuts = Random(f"{settings.seed}/cut")
        self._restarts = 0  # that a brown-out still has to come
        self._restart_at_ns = 0
        self._restart_every_ns = 0
        self._running = True
        self._complaint = ""
        self.use_faults(settings.faults)

    @property
    def device(self) -> str:
        """The pty's name, such as `/dev/pts/4`; empty while unplugged."""
        return self._port.device

    @property
    def link(self) -> Path:
        """The symlink's path; there is none while unplugged."""
        return self._link.path

    def open(self) -> None:
        """Claim the link, listen for commands, plug the board in."""
        self._link.claim()
        self._control.open()
        self.replug()

    def close(self) -> None:
        """Unplug, and remove link and socket."""
        self.unplug()
        self._link.release()
        self._control.close()
        self._selector.close()

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop whenever `descriptor` can be read."""
        self._selector.register(descriptor, EVENT_READ, callback)

    def run(self) -> None:
        """Serve until `stop`."""
        while self._running:
            self._work(self.now_ns())
            wait_ns = max(MIN_WAIT_NS, self._next_ns() - self.now_ns())
            for key, _ in self._selector.select(wait_ns / NS):
                key.data()

    def stop(self) -> None:
        """End `run` after what it is doing."""
        self._running = False

    # What can be asked for

    def unplug(self, seconds: float | None = None) -> None:
        """Pull the cable; after `seconds` it comes back by itself."""
        if self._port.device:
            self._selector.unregister(self._port)
            self._port.unplug()
            self._link.remove()
            self._outlet.clear()
        self._restarts = 0
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
        self._reader = LineReader()
        self._link.point_to(self._port.device)
        self._board.start(self.now_ns())

    def reset(self, in_line: bool = False) -> None:
        """Start the board anew, in the middle of a line if asked; the port stays."""
        if in_line:
            self._outlet.write(LAST_WORDS[: self._cuts.randint(1, len(LAST_WORDS) - 1)])
        self._outlet.clear()
        self._board.start(self.now_ns())

    def brown_out(self, times: int, seconds: float) -> None:
        """Restart so many times, `seconds` apart, from now on; pulling the cable ends that."""
        self._restarts = times
        self._restart_at_ns = self.now_ns()
        self._restart_every_ns = round(seconds * NS)

    def stall(self, seconds: float) -> None:
        """Send nothing for that long; what the board says meanwhile is kept and sent then."""
        self._outlet.stall(self.now_ns(), seconds)

    def say(self, data: bytes) -> None:
        """Write `data` as it is, now."""
        self._outlet.write(data)

    def use_faults(self, spec: FaultSpec) -> None:
        """Have these faults and no others from now on."""
        self._faults = spec
        self._damager = Damager(spec, self._settings.seed)
        self.sensors.use(spec)

    def set_speed(self, speed: float) -> None:
        """Play the recording so many times faster than recorded, and say a hello with the new intervals."""
        now = self.now_ns()
        self._outlet.send(self._board.run(now), self._damager, now)
        self._speed = speed
        self.sensors.set_speed(now, speed)
        self._board.pace_changed(now)

    def status(self) -> dict[str, Any]:
        """Everything worth knowing, for one line of JSON."""
        now = self.now_ns()
        return {
            "link": str(self._link.path),
            "device": self._port.device or None,
            "plugged": bool(self._port.device),
            "listening": self._port.listening(),
            "boot": self._board.boot,
            "seq": self._board.seq,
            "speed": self._speed,
            "seed": self._settings.seed,
            "faults": self._faults.text,
            "silent": self.sensors.silent(now),
            "stalled": self._outlet.stalled(now),
            "restarts": self._restarts,
            "counters": {
                **asdict(self._outlet.counters),
                **asdict(self._board.counters),
                "requests_damaged": self._requests_damaged,
            },
        }

    # The loop's work

    def _work(self, now: int) -> None:
        if self._port.spoiled or (self._replug_at_ns is not None and now >= self._replug_at_ns):
            self._replug_by_itself()
        if not self._port.device:
            return
        if self._restarts and now >= self._restart_at_ns:
            self._restarts -= 1
            self._restart_at_ns = now + self._restart_every_ns
            self.reset(in_line=True)
        self._outlet.release(now)
        if self._port.device and (lines := self._board.run(now)):
            self._outlet.send(lines, self._damager, now)

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

    def _next_ns(self) -> int:
        """When `_work` next has something to do."""
        times = [self._replug_at_ns]
        if self._port.device:
            times.append(self._board.next_due_ns())
            times.append(self._outlet.next_ns())
            times.append(self._restart_at_ns if self._restarts else None)
        return min((t for t in times if t is not None), default=self.now_ns() + LONGEST_WAIT_NS)

    def _happened(self, event: Reset | Unplug) -> None:
        if isinstance(event, Unplug):
            self.unplug(event.seconds)
        else:
            self.reset()

    def _readable(self) -> None:
        data = self._port.read()
        damaged = self._reader.damaged
        for body in self._reader.feed(self._damager.incoming.damage(data)):
            self._board.receive(self.now_ns(), body, round(self._damager.answer_delay_s() * NS))
        self._requests_damaged += self._reader.damaged - damaged
