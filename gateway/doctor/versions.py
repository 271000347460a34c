"""What is installed: for a person who asks for help, and for what is known to be too old."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient
from gateway.version import package_version

CHECK = "versions"
LEAST_PYTHON = (3, 11)
LEAST_SQLITE = (3, 34, 0)
"""Debian 11's: what is older was never run."""


def versions(patient: Patient) -> Iterator[Finding]:
    """All in one line; others for what is too old."""
    found = collect(patient.machine)
    yield Finding(CHECK, Level.GREEN, ", ".join(f"{name} {number}" for name, number in found.items()))
    if sys.version_info < LEAST_PYTHON:
        yield Finding(
            CHECK, Level.RED, f"Python {found['Python']} is too old", "install Python 3.11 or newer"
        )
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        text = f"SQLite {sqlite3.sqlite_version} is too old"
        yield Finding(CHECK, Level.YELLOW, text, "sudo apt full-upgrade, to a Debian that is maintained")


def collect(machine: Machine) -> dict[str, str]:
    """By name."""
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', machine.read("/etc/os-release") or "", re.MULTILINE)
    kernel = os.uname()
    found = {
        "sig-gateway": package_version(),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "paho-mqtt": _installed("paho-mqtt"),
        "Linux": f"{kernel.release} {kernel.machine}",
    }
    if system:
        found["on"] = system[1]
    model = machine.read("/proc/device-tree/model")
    return found | ({"machine": model} if model else {})


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
