"""What the boards that talk by themselves have in common: a report each row, and things to do in between."""

from abc import abstractmethod

from firmware_sim.agenda import Agenda
from firmware_sim.board import Board
from firmware_sim.sensors import Sensors


class Talker(Board):
    """A `Board` that reports once a row of the recording."""

    def __init__(self, sensors: Sensors) -> None:
        self.sensors = sensors
        self.agenda = Agenda()
        self._out: list[bytes] = []
        self._turn = 0  # of reports: a newer one takes the place of one that waits
        self._boots = 0
        self._reports = 0

    @abstractmethod
    def began(self, now_ns: int) -> int:
        """Say what is said after a start; when the first report is due."""

    @abstractmethod
    def report(self, now_ns: int) -> None:
        """Say what is measured now."""

    def say(self, data: bytes) -> None:
        """Have a line go out."""
        self._out.append(data)

    def start(self, now_ns: int) -> None:
        """See `Board`."""
        self._boots += 1
        self.agenda.clear()
        self._out = []
        self._report_at(self.began(now_ns))

    def next_due_ns(self) -> int | None:
        """See `Board`."""
        return 0 if self._out else self.agenda.next_ns()

    def run(self, now_ns: int) -> list[bytes]:
        """See `Board`."""
        self.agenda.run(now_ns)
        said, self._out = self._out, []
        return said

    def pace_changed(self, now_ns: int) -> None:
        """See `Board`: the next report is a row of now away."""
        self._report_at(now_ns + self.sensors.step_ns)

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        return {"boots": self._boots, "reports": self._reports}

    def _report_at(self, due_ns: int) -> None:
        self._turn += 1
        turn = self._turn

        def report(then: int) -> None:
            if turn == self._turn:
                self._reports += 1
                self.report(then)
                self._report_at(then + self.sensors.step_ns)

        self.agenda.at(due_ns, report)
