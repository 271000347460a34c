"""Programs that a test starts, and that end with it however it ends."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def running(command: list[str], stdin: IO[bytes], *, says: bool = False) -> Iterator[int]:
    """Its process id. `says`: not before it has printed a line. It is the leader of a session of its own."""
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, start_new_session=True) as program:
        try:
            assert program.stdout is not None
            if says:
                assert program.stdout.readline()
            yield program.pid
        finally:
            program.kill()
