"""What moves the bytes of one connection, whatever carries them."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Channel(ABC):
    """One connection's bytes. `receive` is called by one thread, `send` by one at a time, both at once."""

    # Who is at the other end, for the log.
    address = "?"
    # Whom it counts as where there are bounds for each: its host say.
    origin = "?"

    def prepare(self, timeout_s: float) -> None:  # noqa: B027 - most have nothing to prepare
        """Finish what may block, a TLS handshake say; called before all else, on the connection's thread.

        Raises OSError.
        """

    @abstractmethod
    def receive(self, timeout_s: float) -> bytes | None:
        """The bytes that have come; None if none came within `timeout_s`; b"" at the end. Raises OSError."""

    @abstractmethod
    def send(self, data: bytes) -> int:
        """Send as much as can be sent without blocking; returns how many bytes. Raises OSError."""

    @abstractmethod
    def wait_writable(self, timeout_s: float) -> None:
        """Wait until `send` can send something, or for `timeout_s`, or until `shutdown`."""

    def finish(self) -> None:
        """Nothing more will be sent: let the peer read to the end, while `receive` goes on. Or `shutdown`."""
        self.shutdown()

    @abstractmethod
    def shutdown(self) -> None:
        """End it, from any thread, any number of times: `receive` and `wait_writable` return at once."""

    @abstractmethod
    def close(self) -> None:
        """Free its resources; called once, when no thread uses it any more."""
