"""Files that the service's manager has read as root: `LoadCredential=secrets:FOLDER` in the unit.

Each file of the folder `secrets` beside the config is then `$CREDENTIALS_DIRECTORY/secrets_NAME`, for the
service alone; so it need be readable for root alone where it lies. What is read is what was there at the
start. Source: systemd.exec(5), LoadCredential.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gateway.config.paths import beside

FOLDER = "secrets"
"""Beside the config: the folder that the unit names."""
AT_A_START = "systemd hands it over at a start: sudo systemctl restart sig-gateway"


def credentials_of(environ: Mapping[str, str]) -> Path | None:
    """Where they are; None where there are none."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def handed_over(name: str) -> bool:
    """Whether the file that a config calls `name` is handed over to a service."""
    return name.removeprefix("./").startswith(f"{FOLDER}/")


def credential(name: str, credentials: Path | None) -> Path | None:
    """Where the service's manager has put the file that a config calls `name`; None if it has not."""
    if credentials is None or "\0" in name or Path(name).is_absolute():
        return None
    path = credentials / name.removeprefix("./").replace("/", "_")
    with suppress(FileNotFoundError):
        with suppress(PermissionError):  # which is to be told, when it is read
            path.lstat()
        return path
    return None


def place_of(name: str, folder: Path, credentials: Path | None) -> Path:
    """Where to read the file that a config in `folder` calls `name`."""
    return credential(name, credentials) or beside(folder, name)
