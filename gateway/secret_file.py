"""A file that holds one secret, a token or a password, on one line: `!file` in the config, `--token-file`."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

MAX_SECRET_BYTES = 64 * 1024


class SecretFileError(Exception):
    """The file has no secret; the text goes on after the file's name: `cannot be read: No such file …`."""


class SecretDeniedError(SecretFileError):
    """This user may not read it."""


def read_secret_file(path: Path) -> str:
    """The secret, without the white space around it, and without the mark that Windows' editors begin UTF-8
    with. Raises SecretFileError, whose text never holds the secret."""
    data = _read(path)
    if len(data) > MAX_SECRET_BYTES:
        raise SecretFileError(f"is larger than {MAX_SECRET_BYTES} bytes: not a secret")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise SecretFileError("is not UTF-8 text but UTF-16: save it as UTF-8, or as plain ASCII")
    try:
        secret = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise SecretFileError("is not UTF-8 text") from None
    if not secret:
        raise SecretFileError("is empty")
    if "\n" in secret or "\r" in secret:
        raise SecretFileError("has several lines: expected the secret alone, on one line")
    return secret


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise SecretFileError("is not a regular file")
        with path.open("rb") as file:
            return file.read(MAX_SECRET_BYTES + 1)
    except PermissionError as error:
        raise SecretDeniedError(f"cannot be read: {error.strerror}") from None
    except OSError as error:
        raise SecretFileError(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise SecretFileError("is not a path") from None
