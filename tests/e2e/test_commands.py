"""Commands against gateways that come, go, want a token, or are not there."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

Cli = Callable[..., subprocess.CompletedProcess[str]]


def test_watch_sees_the_gateway_go_and_come(gateway: Any) -> None:
    """It says so on stderr, and the same `watch` goes on."""
    with gateway.watch("temp", "#changed") as watch:
        watch.line()
        gateway.signal(signal.SIGKILL)
        watch.wait_for_error(f"the gateway at {gateway.url} went away; trying again until it is back")
        with type(gateway)(gateway.folder, port=gateway.port) as again:
            again.wait_until_up()
            watch.wait_for_error("the gateway is back")
            reading = json.loads(again.cli("read", "temp").stdout)
            watch.json_until(lambda event: event["data"]["time"] > reading["time"])


def test_watch_ends_quietly(gateway: Any) -> None:
    """On Ctrl-C with 130; on a closed pipe, as of `| head -1`, with 0; not a word either way."""
    with gateway.watch() as watch:
        watch.line()
        watch.signal(signal.SIGINT)
        assert (watch.popen.returncode, watch.errors) == (130, "")
    with gateway.watch() as watch:
        watch.line()
        watch.popen.stdout.close()
        assert (watch.popen.wait(60), watch.errors) == (0, "")


@pytest.mark.parametrize("streams", ["<&-", ">&-", ">&- 2>&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(tmp_path: Path, streams: str) -> None:
    """As some supervisors start programs: the command works, and no file takes a stream's place."""
    (tmp_path / "config.yaml").write_text("links: {a: {port: 'sim:'}}")
    script = f'exec "$0" -m gateway check {streams}'
    result = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0
    assert "Traceback" not in result.stderr


def test_full_disk(tmp_path: Path) -> None:
    """What could not be written is not taken for written."""
    (tmp_path / "config.yaml").write_text("links: {a: {port: 'sim:'}}")
    script = 'exec "$0" -m gateway check >/dev/full'
    result = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "error: what was to be printed cannot be written: the disk is full"
    )


@pytest.mark.parametrize("command", [["read", "temp"], ["senders"], ["request", "a", "b"], ["watch"]])
def test_no_gateway(cli: Cli, command: list[str]) -> None:
    """What was tried, why it failed, what to do; exit status 1."""
    result = cli(*command, "--connect", "tcp://127.0.0.1:9")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: no gateway answers at tcp://127.0.0.1:9: Connection refused; is it running? "
        "start it with: sig-gateway run; where its router.listen is another, say so: "
        "--connect tcp://HOST:PORT\n"
    )


def test_token(start: Any) -> None:
    """From the gateway's environment to the command's; without it, or with another, unauthorized."""
    config = "router: {{listen: 127.0.0.1:{port}, token: !env SIG_TOKEN_OF_TEST}}\n"
    gateway = start(config, SIG_TOKEN_OF_TEST="hush hush")
    gateway.wait_for_error("listening on")
    assert gateway.cli("senders", "--json", SIG_GATEWAY_TOKEN="hush hush").stdout == "[]\n"
    assert gateway.cli("senders", "--json", "--token", "hush hush").stdout == "[]\n"
    for arguments in ([], ["--token", "guess"]):
        result = gateway.cli("senders", "--json", *arguments)
        assert result.returncode == 1
        assert result.stderr.startswith("error: unauthorized: ")
    assert "hush" not in gateway.errors


def test_unix_socket(start: Any, cli: Cli, tmp_path: Path) -> None:
    """`listen: unix:PATH` and `--connect unix:PATH`."""
    gateway = start(f"router: {{{{listen: unix:{tmp_path}/s}}}}\n")
    gateway.wait_for_error("listening on")
    assert cli("senders", "--json", "--connect", f"unix:{tmp_path}/s").stdout == "[]\n"


def test_tls(start: Any, cli: Cli, tmp_path: Path) -> None:
    """With the authority in SSL_CERT_FILE; without it, the certificate is refused."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    gateway = start("router: {{listen: 127.0.0.1:{port}, tls: {{cert: cert.pem, key: key.pem}}}}\n")
    gateway.wait_for_error("listening on")
    url = gateway.url.replace("tcp:", "tls:")
    trusting = cli("senders", "--json", "--connect", url, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    assert trusting.stdout == "[]\n", trusting.stderr
    wary = cli("senders", "--connect", url)
    assert wary.returncode == 1
    assert "certificate verify failed" in wary.stderr
    assert "Traceback" not in wary.stderr


def test_simulate_and_tell(process: Any, cli: Cli) -> None:
    """The simulator as a command, and a command to it; its exit status is passed on."""
    with process(["simulate", "--link", "board", "--speed", "600", "--seed", "1"]) as simulator:
        assert simulator.line().startswith("port: board -> /dev/pts/")
        assert cli("simulate", "--link", "board", "--tell", "status").stdout.startswith("ok ")
        refused = cli("simulate", "--link", "board", "--tell", "dance")
        assert refused.returncode == 1
        cli("simulate", "--link", "board", "--tell", "quit")
        assert simulator.popen.wait(60) == 0
    for wrong in (["--speed", "fast"], ["--faults", "flop=1"]):
        refused = cli("simulate", *wrong)
        assert refused.returncode == 2
        assert refused.stderr.splitlines()[-1].startswith("sig-gateway simulate: error: ")
