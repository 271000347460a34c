"""A client with 10,000 names that connects again, until all are back: ours, and as many lines over raw TCP.

    python -m benchmarks.network_restore [--rounds 7]

The client and the server are a process each. Raw sends lines of the same size, as many at a time, and has
each answered with a line. What counts are the ratios within one round. It prints, and keeps nothing.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import sig
from benchmarks.report import about, ratio, table
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer

NAMES = 10_000
AT_A_TIME = sig.Limits().max_pending // 4
LINES = {
    "listeners": b'{"id":10000,"method":"add_listener",'
    b'"params":{"sender":"s10000","event":"e","keep":true}}\n',
    "senders": b'{"id":10000,"method":"add_sender",'
    b'"params":{"sender":"s10000","events":["e"],"requests":null}}\n',
}
ANSWER = b'{"id":10000,"status":0,"response":{"listener_id":10000}}\n'


def serve() -> None:
    """The server's process: ours, and raw; prints both ports."""
    carrier = CarrierTCPServer()
    router = sig.ServerRouter(carrier)
    carrier.start("127.0.0.1", 0)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=answer, args=(listener,), daemon=True).start()
    print(carrier.address[1], listener.getsockname()[1], flush=True)
    sys.stdin.read()
    del router


def answer(listener: socket.socket) -> None:
    """A line for each line."""
    while True:
        sock, _ = listener.accept()
        with sock:
            while data := sock.recv(65536):
                sock.sendall(ANSWER * data.count(b"\n"))


def raw(port: int, line: bytes) -> None:
    """What a client of ours does, without a word being looked at."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for _ in range(0, NAMES, AT_A_TIME):
            sock.sendall(line * AT_A_TIME)
            left = len(ANSWER) * AT_A_TIME
            while left:
                left -= len(sock.recv(65536))


def client(what: str) -> sig.ClientRouter:
    """With all its names, and not connected yet."""
    router = sig.ClientRouter(CarrierTCPClient())
    for number in range(NAMES):
        if what == "listeners":
            router.addRemoteListener(lambda _info, _data: None, f"s{number}", "e")
        else:
            router.addRemoteSender(f"s{number}", ["e"])
    return router


def timed(action: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measured(what: str, ports: list[int], rounds: int) -> list[str]:
    """A line of the table."""
    router = client(what)
    carrier: CarrierTCPClient = router.carrier  # type: ignore[assignment]
    ours, theirs, cpu = [], [], []
    for _ in range(rounds + 1):
        theirs.append(timed(lambda: raw(ports[1], LINES[what])))
        before = time.process_time()
        ours.append(timed(lambda: carrier.connect("127.0.0.1", ports[0])))
        cpu.append(time.process_time() - before)
        carrier.disconnect()
    del ours[0], theirs[0], cpu[0]
    figures = (statistics.median(each) for each in (ours, theirs, cpu))
    return [what, *(f"{each:.3f}" for each in figures), f"{ratio(ours, theirs):.1f}"]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("role", nargs="?", choices=["serve"])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.role:
        serve()
        return
    command = [sys.executable, "-m", "benchmarks.network_restore", "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        ports = [int(each) for each in server.stdout.readline().split()]
        rows = [measured(what, ports, options.rounds) for what in LINES]
        assert server.stdin is not None
        server.stdin.close()
    print(about())
    print(table([f"{NAMES:,}", "sig, s", "raw, s", "CPU of sig's client, s", "times raw"], rows))


if __name__ == "__main__":
    main()
