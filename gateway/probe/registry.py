"""The detectors there are, in the order in which they are asked: who has a checksum first."""

from __future__ import annotations

from gateway.firmware.shipped import firmware_folder
from gateway.firmware.versions import shipped_firmware
from gateway.probe.found import Detector
from gateway.probe.modbus import ModbusDetector
from gateway.probe.mysensors import MySensorsDetector
from gateway.probe.sensorline import SensorlineDetector
from gateway.probe.text import TextDetector


def detectors() -> tuple[Detector, ...]:
    """One of each."""
    shipped = shipped_firmware(firmware_folder())
    return (SensorlineDetector(shipped), MySensorsDetector(), TextDetector(), ModbusDetector())
