"""Put the tables of benchmarks/results into docs/performance.md, between their marks.

python -m benchmarks.summary
"""

import re
from pathlib import Path

from benchmarks.report import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
MARKED = re.compile(r"(<!-- results/(\w+)\.md -->\n).*?(<!-- end -->)", re.DOTALL)


def _results(marked: re.Match[str]) -> str:
    """A file of results without its title."""
    text = (RESULTS / f"{marked[2]}.md").read_text().partition("\n\n")[2]
    return f"{marked[1]}{text}{marked[3]}"


def main() -> None:
    """See the module."""
    PAGE.write_text(MARKED.sub(_results, PAGE.read_text()))
    print(f"docs/{PAGE.name} has the new tables; its prose is yours to check")


if __name__ == "__main__":
    main()
