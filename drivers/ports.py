"""`drivers.ports`: another name of `drivers.stream.ports`, for programs that list and name ports."""

import sys

from drivers.stream import ports

sys.modules[__name__] = ports
