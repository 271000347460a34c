"""How the kernel's files are read: with a bound on their size, and an error's number kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# A page, the most that such a file can have on most machines (Documentation/filesystems/sysfs.rst). A value
# has some twenty bytes, `w1_slave` eighty.
LONGEST = 4096


class Files:
    """Raises `OSError` as the kernel says it. A test's own may fail, or be slow. Any thread."""

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in no order."""
        return os.listdir(folder)  # noqa: PTH208 - text all the way, and once a second

    def target(self, path: str) -> str:
        """Where a path leads, all links followed."""
        return os.path.realpath(path, strict=True)

    def mark(self, folder: str) -> int:
        """Another number for another folder under the same name: of a chip that was bound anew, say."""
        return os.stat(folder).st_ino  # noqa: PTH116 - as above

    def text(self, path: str) -> str:
        """A file's text. It may wait for the chip behind it, for as long as the chip or the bus hangs."""
        with _named(path), open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
            return _bounded(file.read(LONGEST + 1))

    def label(self, path: str) -> str:
        """The text of a file that has no chip behind it, such as `name`: it never waits."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _bounded(os.read(descriptor, LONGEST + 1))
        finally:
            os.close(descriptor)

    def write(self, path: str, text: str) -> None:
        """Give the kernel a command. May wait as `text` does."""
        with _named(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)  # never made where it is not
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """An error of reading says nothing of the file; one of opening does."""
    try:
        yield
    except OSError as error:
        error.filename = path
        raise


def _bounded(data: bytes | None) -> str:
    """None is what a file says that has nothing to say yet."""
    data = data or b""
    text = data[:LONGEST].decode("utf-8", errors="replace")
    return text + "…" if len(data) > LONGEST else text
