"""What is built knows the commit that it was made of; everything else is in pyproject.toml."""

import os
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


def commit() -> str:
    """Of the checkout that this file is in; empty where there is none, unless the environment says it."""
    given = os.environ.get("SIG_GATEWAY_COMMIT")
    if given is not None:
        return given
    here = Path(__file__).parent
    if not (here / ".git").exists():
        return ""
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


class BuildWithCommit(build_py):
    """Into the package that is built, never into the source."""

    def run(self) -> None:
        """See `build_py`."""
        super().run()
        if not self.editable_mode:
            (Path(self.build_lib) / "gateway" / "commit.txt").write_text(commit() + "\n")


setup(cmdclass={"build_py": BuildWithCommit})
