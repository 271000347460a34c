"""Servers that are programs of their own."""

import os
import shutil
import socket
import subprocess
import time

PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def missing(program: str) -> str:
    """Debian's package of the same name, if the program is not here."""
    return "" if shutil.which(program, path=PATH) else f"{program} (sudo apt install {program})"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def run(program: str, port: int, *arguments: str) -> None:
    """Run it, print the port and its process's id when it listens, and end it when we end."""
    found = shutil.which(program, path=PATH)
    assert found is not None
    process = subprocess.Popen([found, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        print(port, process.pid, flush=True)
        process.wait()
    finally:
        process.terminate()
        process.wait()
