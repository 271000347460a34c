"""`make mutants`: which of the mutants that mutmut has made were killed, by file. It fails below FLOOR."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOOR = 0.9
SURVIVED, NO_TESTS, NOT_RUN = 0, 33, None
"""mutmut's exit codes; any other is a mutant that was found."""


def main() -> int:
    """Print a line for each file, and the names of the mutants that live."""
    total = killed = 0
    for path in sorted(Path("mutants").rglob("*.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"]
        if not codes:
            continue
        alive = [name for name, code in codes.items() if code in (SURVIVED, NO_TESTS, NOT_RUN)]
        total, killed = total + len(codes), killed + len(codes) - len(alive)
        name = path.relative_to("mutants").with_suffix("")
        print(f"{name}: {len(codes) - len(alive)} of {len(codes)} killed", *alive, sep="\n  ")
    if not total:
        print("there are no mutants", file=sys.stderr)
        return 1
    print(f"{killed} of {total} killed: {killed / total:.0%}")
    return 0 if killed / total >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
