"""Values that are kept out of the config file: `!env NAME` and `!file PATH`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECRET_TAGS = ("!env", "!file")
MAX_SECRET_BYTES = 64 * 1024


class SecretError(Exception):
    """The value cannot be had; the text says why, and never holds the value."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets come from: the environment, and files relative to `folder` (that of the config file)."""

    folder: Path
    environ: Mapping[str, str]

    def resolve(self, tag: str, argument: str) -> str:
        """The value of `!env NAME` or `!file PATH`, without surrounding white space. Raises SecretError."""
        argument = argument.strip()
        if not argument:
            raise SecretError(
                f"{tag} expected {'a variable' if tag == '!env' else 'a file'}; write: {_EXAMPLES[tag]}"
            )
        value = self._from_env(argument) if tag == "!env" else self._from_file(argument)
        if not value.strip():
            raise SecretError(f"{tag} {argument!r} is empty")
        return value.strip()

    def _from_env(self, name: str) -> str:
        value = self.environ.get(name) if "\0" not in name else None
        if value is None:
            raise SecretError(f"the environment variable {name!r} is not set")
        return value

    def _from_file(self, name: str) -> str:
        try:
            path = self.folder / name
            if path.exists() and not path.is_file():
                raise SecretError(f"!file {name!r} is not a regular file")
            with path.open("rb") as file:
                data = file.read(MAX_SECRET_BYTES + 1)
        except OSError as error:
            raise SecretError(f"!file {name!r} cannot be read: {error.strerror}") from None
        except ValueError:
            raise SecretError(f"!file {name!r} is not a path") from None
        if len(data) > MAX_SECRET_BYTES:
            raise SecretError(f"!file {name!r} is larger than {MAX_SECRET_BYTES} bytes: not a secret")
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise SecretError(f"!file {name!r} is not UTF-8 text") from None


_EXAMPLES = {"!env": "!env SIG_GATEWAY_TOKEN", "!file": "!file token.txt"}
