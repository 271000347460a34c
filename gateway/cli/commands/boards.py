"""Boards of one's own: what runs on them."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.commands.group import cli


@cli.group()
def firmware() -> None:
    """The program for a board of your own."""


@firmware.command("export", short_help="Write the Arduino library and the MicroPython files.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def export_firmware(folder: Path) -> int:
    """Write the Arduino library Sensorline, with its examples, and the MicroPython files into DIR.

    A file that is there and is not as shipped is never written over: it is named, and nothing is written.
    Exit status 0 also when all is there already; 1 if it cannot be.
    """
    from gateway.cli.firmware import export

    return export(folder)
