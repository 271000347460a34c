"""What the formats have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from drivers.stream.text.fields import Field, HalfError


class Parser(ABC):
    """One format. It sees the lines of one opened port in their order, decoded; none is blank."""

    comments: bool = True
    """Whether a line that begins with `#` or `//` is a comment."""

    @property
    def unfinished(self) -> bool:
        """Whether what has begun is not complete without the next line."""
        return False

    def forget(self) -> None:  # noqa: B027 - for those that keep something
        """A line was no text: what has begun is not complete any more."""

    @abstractmethod
    def parse(self, text: str) -> Sequence[Field]:
        """The fields of a line; none where it is only a part of something: a header, a document's beginning.

        Raises `UnfitError`.
        """

    def parse_half(self, text: str) -> Sequence[Field]:  # noqa: ARG002 - for those that can tell
        """The fields of a line that may lack its beginning. Raises `HalfError` where that cannot be told."""
        raise HalfError("the first line after the opening: its beginning may be missing")
