"""Values that are kept out of the config file: `!env NAME` and `!file PATH`.

As a service, `!file secrets/NAME` is what systemd has read for it as root (`LoadCredential=secrets:FOLDER`:
each file of the folder is then called `secrets_NAME`); so the file need be readable for root alone.
Source: systemd.exec(5), LoadCredential.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.config.paths import beside
from gateway.secret_file import SecretFileError, read_secret_file

SECRET_TAGS = ("!env", "!file")

_FOLDER = "secrets/"
"""Beside the config: the folder that the unit names."""
_AT_A_START = "; systemd hands it over at a start: sudo systemctl restart sig-gateway"


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
        credential = self._credential(name)
        try:
            return read_secret_file(credential or beside(self.folder, name))
        except SecretFileError as error:
            hint = _AT_A_START if credential is None and self._handed_over(name) else ""
            raise SecretError(f"!file {name!r} {error}{hint}") from None

    def _handed_over(self, name: str) -> bool:
        """Whether the service's manager would have put it there, had it been there at the start."""
        return bool(self.environ.get("CREDENTIALS_DIRECTORY")) and name.removeprefix("./").startswith(_FOLDER)

    def _credential(self, name: str) -> Path | None:
        """Where the service's manager has put it; None if it has not."""
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder or "\0" in name or Path(name).is_absolute():
            return None
        path = Path(folder) / name.removeprefix("./").replace("/", "_")
        with suppress(FileNotFoundError):
            with suppress(PermissionError):  # which is to be told, when it is read
                path.lstat()
            return path
        return None


_EXAMPLES = {"!env": "!env SIG_GATEWAY_TOKEN", "!file": "!file token.txt"}
