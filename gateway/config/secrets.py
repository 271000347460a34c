"""Values that are kept out of the config file: `!env NAME` and `!file PATH`.

As a service, `!file secrets/NAME` is what systemd has read for it as root: see `gateway.config.credentials`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.config.credentials import AT_A_START, credential, credentials_of, handed_over
from gateway.config.paths import beside
from gateway.secret_file import SecretDeniedError, SecretFileError, read_secret_file

SECRET_TAGS = ("!env", "!file")


class SecretError(Exception):
    """The value cannot be had; the text says why, and never holds the value. `denied`: this user may not
    read its file."""

    denied = False


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
        credentials = credentials_of(self.environ)
        handed = credential(name, credentials)
        try:
            return read_secret_file(handed or beside(self.folder, name))
        except SecretFileError as error:
            newer = handed is None and credentials is not None and handed_over(name)
            problem = SecretError(f"!file {name!r} {error}{f'; {AT_A_START}' if newer else ''}")
            problem.denied = isinstance(error, SecretDeniedError)
            raise problem from None


_EXAMPLES = {"!env": "!env SIG_GATEWAY_TOKEN", "!file": "!file token.txt"}
