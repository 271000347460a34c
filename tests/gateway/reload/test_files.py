"""The certificates that a config names."""

from dataclasses import replace
from pathlib import Path

from gateway.config import load
from gateway.config.mqtt import MqttSection
from gateway.reload.files import files_of


def test_a_renewed_file(tmp_path: Path) -> None:
    """Another content is another digest; the same is the same; what is not there is told apart."""
    path = tmp_path / "config.yaml"
    path.write_text("sensors: {}\n")
    config = load(path)
    assert files_of(config) == {}
    section = MqttSection.model_validate({"url": "mqtts://x", "tls": {"ca": "ca.pem"}}, strict=False)
    config = replace(config, mqtt=section)
    assert files_of(config) == {"mqtt": (None,)}
    (tmp_path / "ca.pem").write_text("one")
    before = files_of(config)
    assert files_of(config) == before != {"mqtt": (None,)}
    (tmp_path / "ca.pem").write_text("two")
    assert files_of(config) != before
