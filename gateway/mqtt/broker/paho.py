"""What is used of paho. Nobody else imports it: what it imports itself, and few need, comes later."""

from gateway.later import later

with later("ssl", "hashlib", "urllib.request"):
    from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

__all__ = [
    "CallbackAPIVersion",
    "Client",
    "MQTTErrorCode",
    "MQTTMessage",
    "MQTTMessageInfo",
    "MQTTProtocolVersion",
    "PacketTypes",
    "Properties",
    "ReasonCode",
]
