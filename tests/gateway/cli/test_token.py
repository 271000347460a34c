"""Where a command takes the gateway's token from: `--token`, `--token-file`, the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import sig
from gateway.cli import main
from sig.carrier.tcpserver import CarrierTCPServer

TOKEN = "hush é"
COMMANDS = [["senders"], ["read", "temp"], ["request", "temp", "read"], ["watch", "temp"]]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, and no gateway, of whoever runs the tests."""
    monkeypatch.delenv("SIG_GATEWAY_TOKEN", raising=False)
    monkeypatch.delenv("SIG_GATEWAY_CONNECT", raising=False)


@pytest.fixture
def url() -> Iterator[str]:
    """A server that wants the token, with a sender that answers."""
    carrier = CarrierTCPServer(token=TOKEN)
    server = sig.ServerRouter(carrier)
    server.addSender("temp", "#changed", {"read": lambda _params: {"value": 1}})
    carrier.start("127.0.0.1", 0)
    yield f"tcp://127.0.0.1:{carrier.address[1]}"
    carrier.stop()


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    """As Notepad saves it."""
    path = tmp_path / "token.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TOKEN.encode() + b"\r\n")
    return str(path)


def test_a_file(url: str, token_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its token opens the gateway."""
    assert main(["read", "temp", "--connect", url, "--token-file", token_file]) == 0
    assert json.loads(capsys.readouterr().out) == {"value": 1}
    assert main(["senders", "--json", "--connect", url, "--token-file", token_file]) == 0


def test_the_environment(
    url: str, token_file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts where neither option is given; what is typed comes before it, without a complaint."""
    monkeypatch.setenv("SIG_GATEWAY_TOKEN", TOKEN)
    monkeypatch.setenv("SIG_GATEWAY_CONNECT", url)
    assert main(["read", "temp"]) == 0
    monkeypatch.setenv("SIG_GATEWAY_TOKEN", "old")
    assert main(["read", "temp"]) == 1
    assert main(["read", "temp", "--token-file", token_file]) == 0
    assert main(["read", "temp", "--token", TOKEN]) == 0
    monkeypatch.setenv("SIG_GATEWAY_TOKEN", TOKEN)
    assert main(["read", "temp", "--token", "wrong"]) == 1
    assert "wrong token" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*COMMANDS, ["capture", "board", "none.cap"]])
def test_both_are_one_too_many(
    command: list[str], token_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A usage error, of every command that talks to a gateway."""
    assert main([*command, "--token", "x", "--token-file", token_file]) == 2
    assert "--token and --token-file: give one of them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\n", "is empty"),
        (b"hush\nhush\n", "has several lines"),
        (b"\xff\xfeh\0", "UTF-16"),
    ],
)
def test_a_file_without_a_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None, text: str
) -> None:
    """A usage error that names option, file and fault, before anything is connected to."""
    path = tmp_path / "token.txt"
    if data is not None:
        path.write_bytes(data)
    assert main(["read", "temp", "--connect", "tcp://127.0.0.1:1", "--token-file", str(path)]) == 2
    shown = capsys.readouterr().err
    assert "--token-file" in shown
    assert f"{path} " in shown
    assert text in shown
    assert "hush" not in shown
