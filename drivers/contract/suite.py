"""All tests of the contract."""

from drivers.contract.defects import DefectTests
from drivers.contract.measuring import MeasuringTests
from drivers.contract.opening import OpeningTests
from drivers.contract.several import SeveralDevicesTests
from drivers.contract.unplugging import UnpluggingTests


class SourceContract(OpeningTests, MeasuringTests, UnpluggingTests, SeveralDevicesTests, DefectTests):
    """See `drivers.contract`."""
