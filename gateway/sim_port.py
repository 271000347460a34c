"""Where a simulator of a link is to be found."""

from __future__ import annotations

from pathlib import Path


def sim_port(port: str, path: Path) -> str:
    """`sim:` without a path gets one that is known, so that `simulate --tell` can reach the board.

    Left as it is where the data folder's path holds a `?`, which would end the path there.
    """
    if port != "sim:" and not port.startswith("sim:?"):
        return port
    return port if "?" in str(path) else f"sim:{path}{port.removeprefix('sim:')}"
