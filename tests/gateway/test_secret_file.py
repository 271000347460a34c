"""A file with one secret: what its editors do to it, and each way in which it is none."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from gateway.secret_file import MAX_SECRET_BYTES, SecretFileError, read_secret_file

HUSH = "hüsh hush"


@pytest.mark.parametrize(
    "data",
    [
        HUSH.encode(),
        HUSH.encode() + b"\n",
        HUSH.encode() + b"\r\n",
        codecs.BOM_UTF8 + HUSH.encode() + b"\r\n",
        b"\n  " + HUSH.encode() + b" \t\n\n",
    ],
)
def test_what_editors_add_is_taken_off(tmp_path: Path, data: bytes) -> None:
    """The mark that Windows' begin with, the newline at the end, white space around it; not that inside."""
    path = tmp_path / "secret"
    path.write_bytes(data)
    assert read_secret_file(path) == HUSH


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (codecs.BOM_UTF8 + b" \r\n", "is empty"),
        (b"one\ntwo\n", "has several lines: expected the secret alone, on one line"),
        (b"one\rtwo", "has several lines"),
        (b"\xff", "is not UTF-8 text"),
        (codecs.BOM_UTF16_LE + HUSH.encode("utf-16-le"), "is not UTF-8 text but UTF-16: save it as UTF-8"),
        (codecs.BOM_UTF16_BE + HUSH.encode("utf-16-be"), "is not UTF-8 text but UTF-16"),
        (b"x" * (MAX_SECRET_BYTES + 1), "is larger than 65536 bytes"),
    ],
)
def test_what_is_no_secret(tmp_path: Path, data: bytes, text: str) -> None:
    """Each has its own words, which do not give it away."""
    path = tmp_path / "secret"
    path.write_bytes(data)
    with pytest.raises(SecretFileError, match=text) as caught:
        read_secret_file(path)
    assert "hush" not in str(caught.value)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """None, none that this user may read, none that is a file."""
    with pytest.raises(SecretFileError, match="cannot be read: No such file or directory"):
        read_secret_file(tmp_path / "none")
    with pytest.raises(SecretFileError, match="is not a regular file"):
        read_secret_file(tmp_path)
    with pytest.raises(SecretFileError, match="is not a path"):
        read_secret_file(tmp_path / "a\0b")


def test_one_that_this_user_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the tests run as root, who may read everything."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret").write_text(HUSH)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SecretFileError, match="cannot be read: Permission denied"):
        read_secret_file(tmp_path / "secret")


def test_the_largest(tmp_path: Path) -> None:
    """64 KiB are a secret yet."""
    (tmp_path / "secret").write_bytes(b"x" * MAX_SECRET_BYTES)
    assert len(read_secret_file(tmp_path / "secret")) == MAX_SECRET_BYTES
