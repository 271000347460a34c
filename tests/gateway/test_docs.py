"""What the documentation says is what there is."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from click import Group

from gateway.cli import main
from gateway.cli.commands import cli
from gateway.config import load

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
CLI = (ROOT / "docs" / "cli.md").read_text()


@pytest.fixture
def reference() -> ModuleType:
    """The program that writes the tables."""
    path = Path(__file__).with_name("reference.py")
    spec = importlib.util.spec_from_file_location("reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_those_of_the_code(reference: ModuleType) -> None:
    """Run `PYTHONPATH=. python tests/gateway/reference.py` when a key or an option has changed."""
    assert reference.filled_in(CONFIGURATION) == CONFIGURATION
    named = set(re.findall(r"<!-- table: (\w+) -->", CONFIGURATION))
    assert named == set(reference.tables())


def test_the_errors_shown_are_the_errors_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example of bad YAML and its output."""
    block = CONFIGURATION.partition("<!-- errors:begin -->")[2].partition("<!-- errors:end -->")[0]
    config, printed = re.findall(r"```\w*\n(.*?)```", block, re.DOTALL)
    (tmp_path / "config.yaml").write_text(config)
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    assert capsys.readouterr().err == printed


def test_the_check_shown_is_the_one_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the repository's own config.yaml."""
    monkeypatch.chdir(ROOT)
    assert main(["check"]) == 0
    assert f"$ sig-gateway check\n{capsys.readouterr().out}" in CONFIGURATION


def test_every_yaml_example_is_correct(tmp_path: Path) -> None:
    """But for the one with errors."""
    (tmp_path / "token.txt").write_text("hush")
    page = re.sub(r"<!-- errors:begin -->.*<!-- errors:end -->", "", CONFIGURATION, flags=re.DOTALL)
    examples = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "tls:" not in text]
    assert len(examples) >= 3
    for text in examples:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        load(path, environ={"SIG_GATEWAY_TOKEN": "hush"})


def test_default_config_is_the_repository_s() -> None:
    """What `run --init` writes."""
    assert (ROOT / "gateway" / "default.yaml").read_bytes() == (ROOT / "config.yaml").read_bytes()
    assert load(ROOT / "config.yaml").warnings == ()


def test_every_command_and_option_is_documented() -> None:
    """With a heading, or a row in its table; what all that talk to a gateway take, before the first one."""
    assert isinstance(cli, Group)
    common = ("--connect", "--token", "--token-file", "--tls-dir")
    assert all(f"`{option}" in CLI.partition("\n## ")[0] for option in common)
    for name, command in cli.commands.items():
        section = CLI.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, f"docs/cli.md has no section {name}"
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in common:
                    assert f"`{option}" in section, f"docs/cli.md: {name} lacks {option}"
