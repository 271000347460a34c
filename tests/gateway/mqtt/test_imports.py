"""What a bridge at work has imported."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import DEADLINE_S

PROGRAM = """
import sys
from pathlib import Path
import sig
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.broker.target import Target
from gateway.mqtt.settings import Settings

target = Target("127.0.0.1", int(sys.argv[1]), "sig-test")
router = sig.Router()
sender = router.addSender("temp", ["cold"], {})
bridge = Bridge(router, Settings(gateway="test", database=Path(sys.argv[2]), target=target))
bridge.start()
for _ in sys.stdin:
    sender.getSignal("cold").trigger("it is")
    print(*({"ssl", "hashlib", "urllib.request"} & sys.modules.keys()), flush=True)
assert bridge.stop()
"""


def test_a_plain_connection_needs_no_tls(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Neither when events flow, nor in an outage and after it: in paho OpenSSL, of 3 MB, is only named where
    nothing is to be read or written at the moment."""
    command = [sys.executable, "-c", PROGRAM, str(mosquitto.port), str(tmp_path / "mqtt.db")]
    with (
        Subscriber(mosquitto.port, "sig/#", session=True, client_id="s") as seen,
        subprocess.Popen(
            command, env=os.environ | UNCOVERED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        into, out = process.stdin, process.stdout
        assert into is not None
        assert out is not None

        def trigger() -> str:
            into.write("\n")
            into.flush()
            return out.readline()

        seen.on("sig/test/status", b"online")
        assert trigger() == "\n"
        seen.on("sig/test/temp/event/cold")
        mosquitto.stop()
        assert trigger() == "\n"
        mosquitto.start()
        seen.on("sig/test/temp/event/cold", count=2)
        assert trigger() == "\n"
        seen.on("sig/test/temp/event/cold", count=3)
        into.close()
        assert process.wait(DEADLINE_S) == 0
