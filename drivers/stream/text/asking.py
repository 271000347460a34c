"""What is sent for a live read, and to a sketch that says nothing by itself: the key `ask`."""

import re
from collections.abc import Iterable, Mapping, Sequence

_ESCAPE = re.compile(r"\\(?:x([0-7][0-9A-Fa-f])|(.))", re.DOTALL)
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"', "'": "'"}


def unescaped(text: str) -> str:
    r"""`text` with `\n`, `\r`, `\t`, `\0`, `\\` and `\x1b` made the characters that they stand for.

    YAML does the same between double quotes, and not elsewhere. Raises `ValueError`.
    """

    def character(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _NAMED:
            raise ValueError(rf"expected one of \n, \r, \t, \0, \\ and \x00 to \x7f, got \{match[2]}")
        return _NAMED[match[2]]

    return _ESCAPE.sub(character, text)


class Asking:
    """`ask`: one text for all channels, or one for each; None: nothing can be asked. It ends with the
    terminator, or LF, CR where it has one of its own."""

    def __init__(self, ask: str | Mapping[str, str] | None, terminator: bytes | None) -> None:
        self._ends = terminator or b"\n"
        self._all = ask if isinstance(ask, str) else None
        self._each = {} if ask is None or isinstance(ask, str) else ask

    @property
    def nothing(self) -> bool:
        """Whether no channel can be asked for."""
        return self._all is None and not self._each

    def asks(self, channel: str) -> bool:
        """Whether the channel can."""
        return self._all is not None or channel in self._each

    def text(self, channel: str) -> bytes:
        """What asks for the channel. Raises `ValueError` where nothing does."""
        ask = self.text_of(channel)
        if ask is None:
            raise ValueError(
                f"{channel!r} cannot be asked for, only {', '.join(self._each)}: see the key ask"
            )
        return self._ended(ask)

    @property
    def texts(self) -> Sequence[str]:
        """All that is sent, each once."""
        return tuple(dict.fromkeys(self._each.values() if self._all is None else [self._all]))

    def text_of(self, channel: str) -> str | None:
        """Which of the `texts` asks for the channel."""
        return self._each.get(channel, self._all)

    @property
    def one_for_all(self) -> bool:
        """Whether one text asks for all channels."""
        return self._all is not None

    def lines(self, texts: Iterable[str]) -> bytes:
        """What is sent for these texts."""
        return b"".join(map(self._ended, texts))

    def _ended(self, text: str) -> bytes:
        data = text.encode()
        return data if data.endswith((self._ends, b"\n", b"\r")) else data + self._ends
