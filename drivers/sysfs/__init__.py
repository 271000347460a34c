"""Sensors that the kernel's own drivers read: iio, hwmon, 1-wire."""

from drivers.sysfs.source import SysfsKind

PROTOCOL = SysfsKind()
