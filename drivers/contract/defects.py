"""A source with a defect: what raises is ours, the rest is the source's."""

from drivers.contract.base import Contract
from drivers.contract.between import FOREIGN, Between, Faults
from drivers.contract.waiting import until
from drivers.link import Link


class DefectTests(Contract):
    """See the module."""

    def test_it_is_opened_again_after_open_has_raised(self) -> None:
        """Foreign exceptions on opening: the link lives, and comes up."""
        self._survives("open")

    def test_it_is_opened_again_after_presence_has_raised(self) -> None:
        """The same, on asking whether it is there."""
        self._survives("presence")

    def test_it_is_opened_again_after_greet_has_raised(self) -> None:
        """The same, in the greeting."""
        self._survives("greet")

    def test_it_is_opened_again_after_run_has_raised(self) -> None:
        """The same, while it runs."""
        self._survives("run")

    def test_it_is_opened_again_after_end_has_raised(self) -> None:
        """The same, at the end of a session."""
        self._survives("end")

    def test_it_is_opened_again_after_close_has_raised(self) -> None:
        """The same, on closing: the link is closed, and can be opened again."""
        with self._prepared() as rig:
            faults = Faults("close")
            link = Link("contract", source=Between(rig.source(), faults.hooks))
            for _ in FOREIGN:
                with self._opened(link):
                    self._up(link)
            assert not faults.left, "close was not called"

    def _survives(self, step: str) -> None:
        with self._prepared() as rig:
            faults = Faults(step)
            link = Link("contract", source=Between(rig.source(), faults.hooks))
            with self._opened(link):
                until(lambda: not faults.left, self.up_s, f"{step} to be called again and again", link)
                self._up(link)
