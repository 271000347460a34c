"""What a line says, whatever its format: fields; and why it may say nothing of use."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

# An 8 x 8 thermal camera has 64.
MAX_FIELDS = 256


class Field(NamedTuple):
    """One value of a line. `value` is None where there is no number: `fault` then says why, as
    `drivers.source.Measurement` has it. `sure`: it is a number, or a word that stands for one (`nan`); a text
    is not, for it may as well be a banner's."""

    name: str
    value: float | None
    fault: str | None = None
    sure: bool = True


class UnfitError(ValueError):
    """A line that says nothing of use: what was expected, what it is instead."""


class DamagedError(UnfitError):
    """A line whose checksum is missing or wrong."""


class HalfError(UnfitError):
    """The first line after the opening, which may lack its beginning."""


def numbered(fields: Iterable[Field]) -> Sequence[Field]:
    """The same with names that are each there once: one that comes again in a line is `NAME.2`, `NAME.3`.

    Raises `UnfitError` when there are more than `MAX_FIELDS`.
    """
    listed = list(fields)
    if len(listed) > MAX_FIELDS:
        raise UnfitError(f"expected at most {MAX_FIELDS} values in a line, got {len(listed)}")
    if len({field.name for field in listed}) == len(listed):
        return listed
    taken: dict[str, Field] = {}
    for field in listed:
        name, count = field.name, 1
        while name in taken:
            count += 1
            name = f"{field.name}.{count}"
        taken[name] = field._replace(name=name)
    return list(taken.values())
