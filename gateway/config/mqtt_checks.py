"""Checks of the `mqtt` section that need more than one value, and what is not wrong but of no use."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.config import broker_url
from gateway.config.certificates import check_authority, check_certificate, find
from gateway.config.context import Context
from gateway.config.document import Document
from gateway.config.mqtt import MqttSection, MqttTlsSection
from gateway.config.problems import Location, Problem

_URL: Location = ("mqtt", "url")
_FOR_HOME_ASSISTANT = ("discovery", "discovery_prefix", "birth_topic")


def check_mqtt(mqtt: MqttSection | None, context: Context) -> None:
    """The URL, certificates that work, who to log in as only once, a birth topic that is not one of our own.
    `mqtt` is None if it has errors."""
    section, document = context.section("mqtt"), context.document
    if not isinstance(section, dict):
        return
    if not _check_url(section.get("url"), document) or mqtt is None:
        return
    url = urlsplit(mqtt.url.get_secret_value())
    for key, in_url in (("user", url.username), ("password", url.password)):
        if in_url and getattr(mqtt, key) is not None:
            document.complain(("mqtt", key), f"there is a {key} in mqtt.url already; keep one of the two")
    if mqtt.password is not None and mqtt.user is None and not url.username:
        document.complain(("mqtt", "password"), "a password needs a user; write beside it: user: NAME")
    _check_birth_topic(mqtt.birth_topic, context)
    if mqtt.tls is None:
        return
    if url.scheme not in ("mqtts", "wss"):
        text = f"certificates are of no use without encryption; write: url: mqtts://{url.hostname}"
        document.complain(("mqtt", "tls"), text)
    _check_files(mqtt.tls, context)


def mqtt_warnings(name: str, context: Context) -> list[Problem]:
    """What was written and does nothing."""
    section, document = context.section(name), context.document
    if section.get("home_assistant", False):
        return []
    text = "of no use without Home Assistant; write beside it: home_assistant: true"
    paths: list[Location] = [(name, key) for key in _FOR_HOME_ASSISTANT if key in section]
    return [Problem(document.file, document.line(path), text, path) for path in paths]


def _check_url(url: object, document: Document) -> bool:
    """Whether there is one that can be used; what is no text has been complained about."""
    if not isinstance(url, str) or any(problem.path == _URL for problem in document.problems):
        return False
    text = broker_url.problem(url, secret=_URL in document.secrets)
    if text is not None:
        document.complain(_URL, text)
    return text is None


def _check_birth_topic(topic: str, context: Context) -> None:
    """On one of our own topics each `online` of ours would be a birth, and be answered with another one."""
    gateway = context.section("gateway")
    own = f"sig/{gateway.get('name') if isinstance(gateway, dict) else None}/"
    if topic.startswith(own):
        text = f"expected a topic of Home Assistant's, got one of the gateway's own ({own}…)"
        text += "; write: birth_topic: homeassistant/status"
        context.document.complain(("mqtt", "birth_topic"), text)


def _check_files(tls: MqttTlsSection, context: Context) -> None:
    document = context.document
    names = {key: name for key in ("ca", "cert", "key") if (name := getattr(tls, key)) is not None}
    paths, readable = find(names, context, "mqtt")
    if ("cert" in names) != ("key" in names):
        document.complain(("mqtt", "tls"), "expected cert and key together, got only one of the two")
    elif readable and "cert" in names:
        check_certificate(paths["cert"], paths["key"], document, ("mqtt", "tls"))
    if readable and "ca" in names:
        check_authority(paths["ca"], document, ("mqtt", "tls", "ca"))
