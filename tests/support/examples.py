"""How many examples Hypothesis makes up of each input, and whether they are the same ones at each run.

A change has to pass with what it was given before: some of each, always the same, so that no run fails by
chance. To look for what nobody has thought of yet is for `make test-slow`: it has many more of each, and new
ones each time.
"""

import os
from collections.abc import Mapping

from tests.support import sharing

VARIABLE = "SIG_GATEWAY_EXAMPLES"
"""How many times as many as a test says, new ones each time. Without it, or empty: `USUAL`, the same ones."""
USUAL = 0.4
SHARED = 0.1
"""On a Python that has its share of the tests only: the first of them has run the others."""
FEWEST = 10
BY_DEFAULT = 100
"""Of a test that says nothing: as Hypothesis itself."""
SAME_EACH_TIME = not os.environ.get(VARIABLE)


def examples(full: int, environment: Mapping[str, str] = os.environ) -> int:
    """Of a test whose full number is `full`. Raises ValueError where the variable holds no number."""
    usual = SHARED if environment.get(sharing.VARIABLE) else USUAL
    return max(min(FEWEST, full), round(full * float(environment.get(VARIABLE) or usual)))
