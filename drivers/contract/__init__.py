"""What every kind of source has to keep to, as tests. For whoever makes one.

    from drivers.contract import Rig, SourceContract

    class TestMySource(SourceContract):
        @contextmanager
        def rig(self) -> Iterator[Rig]:
            with MyDevice() as device:
                yield device

pytest collects the tests of the subclass. Each takes a rig of its own, has a deadline for all that it waits
for, and says what it waited for when it fails. What kind of source it is, the subclass says with the
attributes of `Contract`; tests that do not fit are not there then, and `left_out` names them. Without pytest,
call those that `SourceContract.fitting()` names, one by one.
"""

from drivers.contract.base import Contract
from drivers.contract.rig import Rig, RigOfSeveral
from drivers.contract.suite import SourceContract
from drivers.contract.waiting import nothing_left

__all__ = ["Contract", "Rig", "RigOfSeveral", "SourceContract", "nothing_left"]
