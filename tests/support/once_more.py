"""Runs pytest, and what failed once more, alone: `python -m tests.support.once_more [pytest's arguments]`.

Of some 19,000 tests, most with threads, sockets and programs of their own, on a machine that others load, one
in a run may fail for a reason of its own. What fails again has failed; so have more than `MOST` at once. What
passed the second time is a fault too, in the test or in the product: it is named in `NAMED`, to be mended.

Only where `SIG_GATEWAY_ONCE_MORE` is set, as `.ci/run` does: whoever works on a change sees each failure.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

VARIABLE = "SIG_GATEWAY_ONCE_MORE"
MOST = 5
NAMED = Path(".once-more.txt")
FAILED = 1
"""pytest's exit status when tests failed, and nothing worse."""


def main(arguments: list[str]) -> int:
    """Pytest's exit status, of the second run where there was one."""
    cache = Path(sys.prefix, "pytest-cache").resolve()  # not shared with another Python's run beside this one
    pytest = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}"]
    (cache / "v/cache/lastfailed").unlink(missing_ok=True)
    status = subprocess.run([*pytest, *arguments], check=False).returncode
    failed = _failed(cache)
    if status != FAILED or not os.environ.get(VARIABLE) or not 0 < len(failed) <= MOST:
        return status
    print(f"Once more, alone: {', '.join(failed)}", flush=True)
    status = subprocess.run([*pytest, *arguments, "--last-failed", "-n", "0"], check=False).returncode
    if status == 0:
        with NAMED.open("a") as named:
            named.writelines(f"{name} (Python {sys.version.split()[0]})\n" for name in failed)
    return status


def _failed(cache: Path) -> list[str]:
    try:
        return sorted(json.loads((cache / "v/cache/lastfailed").read_text()))
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
