"""The `log` section."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config


def test_without_it(load_text: Callable[..., Config]) -> None:
    """Level info, no file; what rotates is known all the same."""
    log = load_text("gateway:").log
    assert (log.level, log.file, log.rotation.size, log.rotation.count) == ("info", None, 5_000_000, 3)


def test_written(load_text: Callable[..., Config]) -> None:
    """Sizes with units; a mapping of its own."""
    log = load_text("log: {level: debug, file: a.log, rotate: {size: 200KB, count: 0}}").log
    assert (log.level, log.file, log.rotation.size, log.rotation.count) == ("debug", "a.log", 200_000, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{level: loud}",
            "log.level: expected debug, info, warning or error, got 'loud'; write: level: info",
        ),
        ("{level: 10}", "log.level: expected debug, info"),
        ("{file: 5}", "log.file: expected a file's path, got 5"),
        ("{file: .}", "log.file: is there and is no regular file; write: file: gateway.log"),
        ("{file: /dev/null}", "log.file: is there and is no regular file"),
        ("{file: a, rotate: {size: 1kB}}", "log.rotate.size: expected a size from 100KB to 1GB"),
        ("{file: a, rotate: {size: 2GB}}", "log.rotate.size: expected a size from 100KB to 1GB"),
        ("{file: a, rotate: {count: -1}}", "log.rotate.count: expected a whole number from 0 to 100"),
        ("{file: a, rotate: {count: 101}}", "log.rotate.count: expected a whole number from 0 to 100"),
        ("{file: a, rotate: 5MB}", "log.rotate: expected a mapping"),
        ("{path: a}", "log.path: unknown key 'path'"),
    ],
)
def test_refused(complaints: Callable[..., list[str]], text: str, words: str) -> None:
    """With what was expected, and what to write."""
    (problem,) = complaints(f"log: {text}")
    assert words in problem


def test_a_file_is_relative_to_the_config(load_text: Callable[..., Config], tmp_path: Path) -> None:
    """One that is there is fine."""
    (tmp_path / "gateway.log").write_text("")
    config = load_text("log: {file: gateway.log}")
    assert config.log.file is not None
    assert config.beside(config.log.file) == config.path.parent.absolute() / "gateway.log"


def test_rotate_without_a_file(load_text: Callable[..., Config]) -> None:
    """A warning, with its line."""
    (warning,) = [
        one for one in load_text("sensors:\nlog:\n  rotate: {count: 1}").warnings if one.path[0] == "log"
    ]
    assert str(warning).endswith(
        ":3: log.rotate: without effect: no `file` is given, and the journal has bounds of its own"
    )
    assert not [
        one for one in load_text("log: {file: a, rotate: {count: 1}}").warnings if one.path[0] == "log"
    ]
