"""`drivers.contract` over a sketch that says nothing until it is asked. See also tests/contract."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.contract import Rig, SourceContract
from tests.contract.text_rig import SketchRig


class TestAskedText(SourceContract):
    """A live read is a line that is sent, and one that comes back."""

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, SketchRig(Path(folder), asked=True) as rig:
            yield rig
