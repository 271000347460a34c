"""What the sensors are on: ports, what goes over a link, and what stands in for a device."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.arguments import Seconds
from gateway.cli.commands.group import cli
from gateway.cli.commands.options import config_option, connect_options, json_option, url_of_one
from gateway.cli.common import config_at


@cli.command()
@click.argument("names", metavar="[PORT …]", nargs=-1)
@json_option
@click.option("--probe", is_flag=True, help="Find out what speaks there: listen, then ask.")
@click.option("--write", is_flag=True, help="With --probe: put what was found into the config file.")
@click.option("--yes", is_flag=True, help="With --probe: send what is named, without a question.")
@click.option(
    "--seconds",
    type=Seconds(0.1, 600),
    metavar="S",
    help="With --probe: listen so long at each baud rate.  [default: 3]",
)
@config_option
def ports(
    names: tuple[str, ...],
    as_json: bool,
    probe: bool,
    write: bool,
    yes: bool,
    seconds: float | None,
    path: Path | None,
) -> int:
    """List the serial ports and how to write them in the config.

    With --probe: what speaks on each of them, or on each PORT, and the config for it. Nothing is sent
    that was not shown and agreed to before; a port that another program has open is not touched.
    """
    if not probe:
        if names or write or yes or seconds:
            raise click.UsageError("PORT, --write, --yes and --seconds go with --probe")
        from gateway.cli.ports import ports as list_them

        return list_them(as_json=as_json)
    from gateway.cli.probing import probe as probe_them

    config = config_at(path)
    return probe_them(names, config, as_json=as_json, write=write, yes=yes, listen_s=seconds)


@cli.command()
@click.argument("link")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seconds", type=Seconds(0.1), metavar="S", help="Stop after so long; without it, on Ctrl-C.")
@config_option
@connect_options
def capture(
    link: str,
    file: Path,
    seconds: float | None,
    path: Path | None,
    url: str,
    token: str | None,
) -> int:
    """Record a link's bytes, with their times, in a new FILE.

    While the gateway runs, through it (that of the config, unless --connect names another); where none
    runs, the port is opened with the config's settings.
    `simulate --replay FILE` plays it back.
    """
    from gateway.cli.capture import capture as capture_it

    return capture_it(
        link,
        file,
        url=url_of_one(url),
        token=token,
        config_path=config_at(path),
        seconds=seconds,
    )


@cli.command()
@click.option(
    "--protocol",
    metavar="P",
    help="What it speaks: sensorline, text, modbus, mysensors, sysfs.  [default: sensorline]",
)
@click.option("--link", metavar="PATH", help="Make PATH a symbolic link to the port; sysfs: the folder.")
@click.option(
    "--data", metavar="FILE", help="Measure what this CSV file says.  [default: recorded office data]"
)
@click.option("--replay", metavar="FILE", help="Say again what the device of a capture said.")
@click.option("--loop", is_flag=True, help="Begin the replay again at its end.")
@click.option("--speed", metavar="X", help="Times faster than recorded.  [default: 60; a replay: 1]")
@click.option("--seed", metavar="N", help="The same faults again.")
@click.option("--faults", metavar="SPEC", help="Faults, such as flip=0.001,garbage=0.01.")
@click.option("--shape", metavar="N", help="text: which of ten kinds of sketch.  [default: 1]")
@click.option("--degree", metavar="ENCODING", help="text: ° as utf-8 or latin-1.  [default: utf-8]")
@click.option("--slaves", metavar="ID:NAME,…", help="modbus: who is on the bus.")
@click.option("--kept", metavar="N", help="sensorline: how many readings it keeps.  [default: 1000]")
@click.option("--supply", metavar="usb|own", help="sensorline: its power.  [default: usb]")
@click.option("--baud", metavar="N", help="Bytes take their time on the line, 11 bits each.")
@click.option(
    "--tell", metavar="COMMAND", help="Send COMMAND to the simulator that runs at --link; try `help`."
)
def simulate(loop: bool, **options: str | None) -> int:
    """Run a simulated device on a pseudo-terminal, or in a folder.

    With --tell: send a command to the one that runs at --link.
    """
    from gateway.cli.simulate import simulate as simulate_it

    return simulate_it({name: value for name, value in options.items() if value is not None}, loop=loop)
