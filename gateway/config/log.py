"""The shape of the config's `log` section, and what a model cannot know of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gateway.config.context import Context
from gateway.config.fields import Section, Text, field
from gateway.config.problems import Problem
from gateway.config.sizes import Size

LEAST_SIZE, MOST_SIZE = 100 * 10**3, 10**9
MOST_COUNT = 100


class RotateSection(Section):
    """`log.rotate`: how much of the disk the file and its predecessors may take."""

    size: Annotated[Size, Field(ge=LEAST_SIZE, le=MOST_SIZE)] = field(
        5 * 10**6,
        "A file that has grown so large is kept beside as `FILE.1`, and a new one begun.",
        "a size from 100KB to 1GB, such as 5MB; a number is bytes",
        "5MB",
    )
    count: int = Field(
        default=3,
        ge=0,
        le=MOST_COUNT,
        description="So many earlier ones are kept, `FILE.1` being the newest; 0: none.",
        json_schema_extra={"expected": "a whole number from 0 to 100", "write": "3"},
    )


class LogSection(Section):
    """`log`: what is told of what goes on, and where else than on standard error."""

    level: Literal["debug", "info", "warning", "error"] = field(
        "info", "What is less than that is not told.", "debug, info, warning or error", "info"
    )
    file: Text | None = field(
        None,
        "A file that gets the lines too; relative to the config file. Without it they go to standard error "
        "alone, where systemd's journal takes them. As a service: `/var/lib/sig-gateway/gateway.log`.",
        "a file's path",
        "gateway.log",
    )
    rotate: RotateSection | None = field(
        None,
        "When a new file is begun, and how many stay; without it as with 5MB and 3.",
        "a mapping",
        "{size: 5MB, count: 3}",
    )

    @property
    def rotation(self) -> RotateSection:
        """What holds of `rotate`, written or not."""
        return self.rotate or RotateSection()


def check_log(made: LogSection | None, context: Context) -> None:
    """Note a `file` that can be none: what is there already is a folder, or a device."""
    if made is None or made.file is None:
        return
    where = ("log", "file")
    if not _may_be_file(context.folder / Path(made.file).expanduser()):
        context.document.complain(where, "is there and is no regular file; write: file: gateway.log")


def log_warnings(name: str, context: Context) -> list[Problem]:
    """`rotate` without a `file` does nothing."""
    section = context.section(name)
    if not isinstance(section, dict) or "rotate" not in section or section.get("file") is not None:
        return []
    path = (name, "rotate")
    document = context.document
    text = "without effect: no `file` is given, and the journal has bounds of its own"
    return [Problem(document.file, document.line(path), text, path)]


def _may_be_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - Path.is_file() hides what was wrong
    except ValueError:
        return False
    except OSError:  # not there, or not for us to see: it is tried when the gateway starts
        return True
