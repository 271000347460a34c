"""What of a list of modules a gateway imports, when its links open and when it has ended."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.uncovered import UNCOVERED

ROOT = Path(__file__).parents[2]


def imported(folder: Path, section: str, modules: Sequence[str]) -> tuple[list[str], list[str]]:
    """By a program of its own, in `folder`, whose config has a router and that `section`; in their order."""
    (folder / "config.yaml").write_text(f"router: {{listen: 'unix:{folder}/s'}}\n{section}\n")
    program = (
        "import os\n"
        "import sys\n"
        "import gateway.cli.run\n"
        "from gateway.app import App\n"
        "from gateway.config import load\n"
        "from pathlib import Path\n"
        "def said(*_):\n"
        f"    print(*[name for name in {tuple(modules)!r} if name in sys.modules])\n"
        "from gateway.links import Links\n"
        "Links.start = said\n"
        "app = App(load(Path('config.yaml')))\n"
        "app.start()\n"
        "app.stop()\n"
        "said()\n"
        "sys.stdout.flush()\n"
        "os._exit(0)\n"  # a library's thread may be left behind, as of a gateway that ends
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | UNCOVERED | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    opening, ended = run.stdout.splitlines()
    return opening.split(), ended.split()
