"""No two modules import each other in a circle, in `sig` not even for types alone."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {name: ROOT / name for name in ("sig", "drivers", "gateway")}
PACKAGES["firmware_sim"] = ROOT / "firmware-sim" / "firmware_sim"


def modules(package: str) -> dict[str, Path]:
    """The package's files by the names that they are imported by."""
    folder = PACKAGES[package]
    found = {}
    for path in folder.rglob("*.py"):
        parts = (package, *path.relative_to(folder).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


class Imports(ast.NodeVisitor):
    """What a file imports, in functions too; what is for types alone (`TYPE_CHECKING`) only if asked."""

    def __init__(self, known: dict[str, Path], types: bool) -> None:
        self.known = known
        self.types = types
        self.found: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        """Leave out what is for types, or not."""
        if self.types or not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b`"""
        self.found |= {alias.name for alias in node.names} & set(self.known)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a import b`: the module b, or a name in the module a."""
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            self.found |= {full if full in self.known else str(node.module)} & set(self.known)


def circle(known: dict[str, Path], types: bool = False) -> list[str]:
    """The modules of a circle of imports, [] if there is none. `types`: those for types alone count, too."""
    graph = {}
    for name, path in known.items():
        imports = Imports(known, types)
        imports.visit(ast.parse(path.read_text()))
        graph[name] = imports.found - {name}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle(package: str) -> None:
    """Imports for types alone are left out."""
    assert circle(modules(package)) == []


def test_no_circle_for_types_alone() -> None:
    """In `sig` no two files name each other, neither to run nor for types."""
    assert circle(modules("sig"), types=True) == []


def test_a_circle_for_types_is_found(tmp_path: Path) -> None:
    """By the test above; and by the other one it is not."""
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.two import b\n")
    two.write_text("from p import one\n")
    known = {"p.one": one, "p.two": two}
    assert circle(known) == []
    assert set(circle(known, types=True)) == {"p.one", "p.two"}
