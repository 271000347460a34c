"""Reloads that write what was discovered into the config, and take it out again."""

from pathlib import Path

from gateway.senders import OWN_NAME
from tests.contract.mysensors_rig import SmallGateway
from tests.gateway.reload.test_exchange import Running
from tests.support.leaks import nothing_left
from tests.support.waiting import until

FOUND = "radio-12-0"


def test_written_under_its_own_name(tmp_path: Path) -> None:
    """It is the config's then, can be changed, and is discovered again when it is taken out."""
    links = f"links: {{radio: {{protocol: mysensors, port: {tmp_path}/radio, discover: true}}}}\n"
    written = f"{links}sensors: {{{FOUND}: {{driver: temperature, link: radio, channel: 12/0}}}}\n"
    with nothing_left(), SmallGateway(tmp_path / "radio") as radio, Running(tmp_path, links) as running:

        def has_value() -> bool:
            radio.say("12;0;1;0;0;20.5")
            return running.connected(FOUND) and running.app.router.request(FOUND, "last") is not None

        until(has_value)
        found = running.app.sensors[FOUND]
        assert running.reload(written) == {f"sensors.{FOUND}": "added"}
        assert list(running.app.sensors) == [FOUND]
        assert running.app.sensors[FOUND] is not found
        until(has_value)
        changed = running.reload(written.replace("12/0}", "12/0, hot: 1}"))
        assert changed == {f"sensors.{FOUND}": "changed in place"}
        assert running.app.router.request(FOUND, "info")["thresholds"]["hot"] == 1
        assert running.app.router.request(OWN_NAME, "health")["parts"]["devices.radio/12"]["sensors"]
        assert running.reload(links) == {f"sensors.{FOUND}": "removed"}
        until(has_value)
        assert running.app.names.discovered().keys() == {FOUND}
