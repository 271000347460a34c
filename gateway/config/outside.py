"""Where a config has the gateway write beside its data folder."""

from __future__ import annotations

from pathlib import Path

from gateway.config.address import parse_address
from gateway.config.loading import Config


def written_outside(config: Config) -> dict[str, Path]:
    """By its key, each file: the log's, and sockets. Those in the data folder, too."""
    found = {}
    if config.log.file is not None:
        found["log.file"] = config.beside(config.log.file)
    for key, section in (("router.listen", config.router), ("http.listen", config.http)):
        if section is not None and (address := parse_address(section.listen)).unix:
            found[key] = Path(address.host)
    return found
