"""A port to lend: one waits for its descriptor, as for a real one's."""

import os
import threading
from typing import Self

from drivers.stream.loan import Loan
from tests.support.waiting import until


class LentPort:
    """`readers` are the threads of the reads so far, by name. A read that has an `error` takes nothing, and
    raises it. A context manager."""

    def __init__(self, look_s: float = 60.0) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.readers: list[str] = []
        self.error: Exception | None = None
        self.loan = Loan(self.descriptor, self.read, look_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.take_back()
        os.close(self.descriptor)

    def come(self) -> None:
        """Bytes come."""
        os.eventfd_write(self.descriptor, 1)

    def read(self) -> None:
        """Take them. Fails if there are none."""
        if self.error is None:
            os.eventfd_read(self.descriptor)
        self.readers.append(threading.current_thread().name)
        if self.error is not None:
            raise self.error

    def comes_and_is_read(self) -> None:
        """By whoever waits for it."""
        count = len(self.readers)
        self.come()
        until(lambda: len(self.readers) > count)

    def take_back(self) -> bool:
        """End the loan, whoever reads; whether it was of use."""
        self.loan.recall()
        return self.loan.hold(lambda: True)
