"""No two modules import each other in a circle."""

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
    """What a file imports, in functions too; what is there for types alone (`TYPE_CHECKING`) runs never."""

    def __init__(self, known: dict[str, Path]) -> None:
        self.known = known
        self.found: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        """Leave out what is for types."""
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b`"""
        self.found |= {alias.name for alias in node.names} & set(self.known)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a import b`: the module b, or a name in the module a."""
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            self.found |= {full if full in self.known else str(node.module)} & set(self.known)


def circle(package: str) -> list[str]:
    """The modules of a circle of imports, [] if there is none."""
    known = modules(package)
    graph = {}
    for name, path in known.items():
        imports = Imports(known)
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
    assert circle(package) == []
