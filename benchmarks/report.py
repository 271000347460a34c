"""What the benchmarks' results have in common: medians of rounds, tables, plots, the machine."""

import importlib
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
OURS = "sig"


def ratio(ours: Sequence[float], base: Sequence[float]) -> float:
    """The median over rounds of one contender's figure to another's of the same round."""
    return statistics.median(one / other for one, other in zip(ours, base, strict=True))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A markdown table; all columns but the first are numbers."""
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def goal(what: str, got: float, most: float) -> str:
    """A line that says whether it is met: at most so much."""
    return f"- {what}: {got:.3g} (at most {most:.3g}: {'yes' if got <= most else 'NO'})"


def load(name: str) -> Any:
    """A module of the extra `bench`, which the type checker need not have; None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"{name} is skipped: it is not installed; `pip install -e '.[bench]'` does that", flush=True)
        return None


def about(packages: Iterable[str] = ()) -> str:
    """The machine, the interpreter, and who was compared."""
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    return "; ".join([machine, *([", ".join(versions)] if versions else [])]) + "."


def write(name: str, title: str, how: str, body: str) -> None:
    """Write results/NAME.md and print it."""
    text = f"# {title}\n\n{how}\n\n{body}\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
    print(text, flush=True)


def _pyplot() -> Any:
    matplotlib = load("matplotlib")
    if matplotlib is None:
        return None
    matplotlib.use("Agg")
    # the same figures give the same file
    matplotlib.rcParams["svg.hashsalt"] = "sig"
    matplotlib.rcParams["font.size"] = 9
    return importlib.import_module("matplotlib.pyplot")


def lines(
    name: str, title: str, at: Sequence[float], series: Mapping[str, Sequence[float]], axes: tuple[str, str]
) -> None:
    """Plot series of figures, both axes logarithmic, into results/NAME.svg."""
    pyplot = _pyplot()
    if pyplot is None:
        return
    figure, axis = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for label, values in series.items():
        axis.plot(at, values, marker="o", linewidth=2.5 if label.startswith(OURS) else 1.2, label=label)
    axis.set(xscale="log", yscale="log", title=title, xlabel=axes[0], ylabel=axes[1])
    axis.set_xticks(at, [f"{each:g}" for each in at])
    axis.minorticks_off()
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})
    pyplot.close(figure)


def bars(name: str, panels: Sequence[tuple[str, Mapping[str, float]]]) -> None:
    """Plot a panel of bars for each figure, into results/NAME.svg."""
    pyplot = _pyplot()
    if pyplot is None:
        return
    figure, axes = pyplot.subplots(1, len(panels), figsize=(3.4 * len(panels), 3.2), layout="constrained")
    for axis, (title, values) in zip(axes, panels, strict=True):
        names = list(values)
        colors = ["tab:blue" if each == OURS else "silver" for each in names]
        drawn = axis.barh(names, [values[each] for each in names], color=colors)
        axis.bar_label(drawn, fmt="{:,.0f}", padding=3)
        axis.invert_yaxis()
        axis.margins(x=0.25)
        axis.set_title(title)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})
    pyplot.close(figure)
