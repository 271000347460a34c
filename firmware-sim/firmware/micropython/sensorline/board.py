"""The board: measures when it is due, answers, keeps (docs/protocol.md)."""

from sensorline.clock import Clock
from sensorline.identity import identity, next_boot
from sensorline.lines import LineReader, encode, number, word
from sensorline.replay import Replay, reading
from sensorline.ring import Ring
from sensorline.sensor import Turn, Watch

VERSION = 1
FIRMWARE = "mpy-1.0.0"
MAX_ID = 65535
MAX_WAIT_MS = 1000
"""Of one wait: then the clock is looked at, which a port that wraps needs."""
CTRL_C_MS = 2000
"""From the start: long enough to get at a board whose program is to be changed."""
PATIENCE_MS = 700
"""A `read` that would wait longer for its sensor is refused: the gateway waits 800 ms for an answer."""


class Board:
    """`sensors` measure, `port` takes lines, `keeps` readings are kept (0: none, and no memory is taken for
    it). `memory`: bytes that outlive a reset, see `rtc`. `baud`: what kept readings are paced by."""

    def __init__(self, model, sensors, port, keeps=500, who=None, memory=None, baud=115200, clock=None):
        self._clock = clock or Clock()
        self._port = port
        self._reader = LineReader()
        self._model = word(model)
        self._identity = who or identity()
        self._turns = [Turn(sensor) for sensor in sensors]
        self._watches = []
        for turn in self._turns:
            for channel in turn.sensor.channels:
                watch = Watch(len(self._watches), channel, turn)
                turn.watches.append(watch)
                self._watches.append(watch)
        channels = [watch.channel for watch in self._watches]
        self._ring = Ring(keeps, [channel.name for channel in channels], memory)
        self._replay = Replay(self._ring, channels, baud)
        self._seq = 0
        self._read = None  # the `read` that waits for its sensor: id, watch, the time of its arrival
        self._ticked = 0
        self.boot = next_boot()
        self._ring.begin(self.boot)

    def run(self):
        """Say hello, and go on until the port ends, if it can, or by Ctrl-C in the first two seconds."""
        self._hello(0)
        mine = False
        try:
            while True:
                self._port.wait(self.step())
                if not mine and self._clock.ms() >= CTRL_C_MS:
                    mine = True
                    self._port.open()
        except EOFError:
            pass
        finally:
            self._port.close()

    def step(self):
        """Do what is due; for how many milliseconds there is nothing to do."""
        for body in self._reader.feed(self._port.read()):
            self._take(body)
        now = self._clock.ms()
        for turn in self._turns:
            self._serve(turn, now)
        due = self._replay.due()
        if due is not None and due <= now and not self._port.wait(0):
            body = self._replay.next_body(now)
            if body is not None:
                self._say(body)
        if now - self._ticked >= MAX_WAIT_MS:
            self._ticked = now
            self._ring.tick(now)
        return self._idle_ms()

    def _idle_ms(self):
        now = self._clock.ms()
        dues = [turn.next(now, self._asked(turn)) for turn in self._turns] + [self._replay.due()]
        soonest = min([due for due in dues if due is not None] + [now + MAX_WAIT_MS])
        return max(0, soonest - now)

    # Measuring

    def _asked(self, turn):
        return self._read is not None and self._read[1].turn is turn

    def _serve(self, turn, now):
        """Begin a measurement that somebody wants, finish one that is ready."""
        if turn.ready is None:
            # a reading's time lies after the arrival of the request for it: so not in the same millisecond
            asked = self._asked(turn) and now > self._read[2]
            if now < turn.free or not (asked or any([watch.is_due(now) for watch in turn.watches])):
                return
            try:
                turn.start(now)
            except OSError:
                pass  # `measure` will say so
        if now < turn.ready:
            return
        now = self._clock.ms()
        turn.ready = None
        values = self._measured(turn)
        for watch, value in zip(turn.watches, values):
            steps = watch.steps(value)
            if self._read is not None and self._read[1] is watch and now > self._read[2]:
                self._answer(self._read[0], watch, now, steps)
                self._read = None
                if watch.is_due(now) and not isinstance(steps, str):
                    watch.took(now)  # it is a reading like any other
            if watch.is_due(now):
                watch.took(now)
                self._say("R " + self._taken(watch, now, steps))

    def _measured(self, turn):
        try:
            return turn.sensor.measure()
        except OSError:
            pass
        except Exception as err:  # noqa: BLE001 - a mistake in one sensor is told, and the others go on
            self.note("%s: %s: %s" % (type(turn.sensor).__name__, type(err).__name__, err))
        return ["absent"] * len(turn.watches)

    def _taken(self, watch, now, steps):
        """A reading, as it goes on the line behind its letter; it is kept."""
        self._seq += 1
        self._ring.keep(self._seq, now, watch.index, steps)
        return reading(watch.channel, self._seq, now, steps)

    def _answer(self, request, watch, now, steps):
        if isinstance(steps, str):
            self._error(request, "sensor_fault", steps)
        else:
            self._say("A %d %s" % (request, self._taken(watch, now, steps)))

    # What it is asked

    def _take(self, body):
        fields = body.split(" ")
        now = self._clock.ms()
        if fields[0] == "K" and self._ring.size:
            self._replay.take(fields[1:], now)
        if fields[0] != "Q":
            return
        request = number(fields[1]) if len(fields) > 1 else None
        if request is None or not 1 <= request <= MAX_ID:
            return
        verb = fields[2] if len(fields) > 2 else ""
        if verb == "hello":
            self._hello(request)
        elif verb == "ping":
            newest = " %d" % self._seq if self._ring.size else ""
            self._say("A %d %d %d%s" % (request, self.boot, now, newest))
        elif verb == "again" and self._ring.size:
            self._say("A %d%s" % (request, self._replay.again(now)))
        elif verb == "read" or verb == "interval":
            self._of_channel(request, verb, fields[3:], now)
        elif verb:
            self._error(request, "unknown_verb", "no verb " + word(verb))
        else:
            self._error(request, "bad_argument", "expected a verb")

    def _of_channel(self, request, verb, arguments, now):
        if len(arguments) < (1 if verb == "read" else 2):
            expected = "a channel" if verb == "read" else "a channel and milliseconds"
            self._error(request, "bad_argument", "%s: expected %s" % (verb, expected))
            return
        found = [watch for watch in self._watches if watch.channel.name == arguments[0]]
        if not found:
            self._error(request, "unknown_channel", "no channel " + word(arguments[0]))
        elif verb == "read":
            self._ask(request, found[0], now)
        else:
            self._set_interval(request, found[0], arguments[1], now)

    def _ask(self, request, watch, now):
        """Measure as soon as the sensor can."""
        if self._read is not None and self._read[0] == request:
            return  # the same once more: it is under way
        wait = watch.turn.wait_ms(now)
        if self._read is not None:
            self._error(request, "busy", "another read waits for its sensor")
            return
        if wait > PATIENCE_MS:
            # then it waits here, and is before a reading that is due
            self._error(request, "busy", "%d ms: the sensor needs its time" % (wait - PATIENCE_MS // 2))
            return
        self._read = (request, watch, now)

    def _set_interval(self, request, watch, text, now):
        ms = number(text)
        if ms is None:
            self._error(request, "bad_argument", "interval: expected milliseconds, got " + word(text))
            return
        watch.set_interval(ms, now)
        self._say("A %d %s %d" % (request, watch.channel.name, watch.interval_ms))

    # What it says

    def _hello(self, request):
        keeps = " %d" % self._ring.size if self._ring.size else ""
        who = (self._model, self._identity, self.boot, FIRMWARE, len(self._watches), self._clock.ms(), keeps)
        self._say("H %d %d %s" % (request, VERSION, "%s %s %d %s %d %d%s" % who))
        for watch in self._watches:
            channel = watch.channel
            resolution = "0." + "0" * (channel.decimals - 1) + "1" if channel.decimals else "1"
            about = (channel.name, channel.kind, channel.unit, resolution, channel.low, channel.high)
            self._say(
                "C %d %d %s %s %s %s %s %s %d" % ((request, watch.index) + about + (watch.interval_ms,))
            )

    def note(self, text):
        """A line for a person who debugs the board; the gateway logs it."""
        said = "".join([letter if " " <= letter <= "~" and letter not in "$*" else "?" for letter in text])
        self._say("D " + " ".join(said[:140].split()))

    def _error(self, request, code, text):
        self._say("E %d %s %s" % (request, code, text))

    def _say(self, body):
        self._port.write(encode(body))
