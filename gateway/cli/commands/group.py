"""`sig-gateway` without a command: how it begins and how it ends."""

from __future__ import annotations

import errno
import io
import sys
from typing import Any

import click

from gateway.cli.common import EXIT_USAGE, discard_output, hear_signals

EXIT_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status; never raises."""
    _open_standard_streams()
    hear_signals()
    for stream in (sys.stdout, sys.stderr):
        # A name or a log line may hold what the terminal's encoding cannot say.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(argv, prog_name="sig-gateway", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        print(f"error: {error.format_message()}", file=sys.stderr)
        return 1
    except click.Abort:
        return EXIT_INTERRUPTED
    return status if isinstance(status, int) else 0


def _open_standard_streams() -> None:
    """Have all three, as of `>&-`: else the next thing opened, perhaps a board's port, takes their number."""
    import os

    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for as long as we live


class _Group(click.Group):
    """Ends quietly where click would print a line (Ctrl-C) or exit with 1 (a closed pipe)."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # `| head -1` has what it wanted
            discard_output()
            return 0
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            print("error: what was to be printed cannot be written: the disk is full", file=sys.stderr)
            discard_output()
            return 1
        return status


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from gateway.version import full_version

    click.echo(f"sig-gateway {full_version()}")
    ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it."
)
def cli() -> None:
    """Sensors on serial ports as events, live reads and requests.

    Start with `sig-gateway run --init`; then, in a second terminal: `sig-gateway watch`.
    """
