"""One connection of the scripted broker: bytes in, bytes out. No I/O, no thread, no clock.

It grants QoS 0 and 1, keeps retained messages and says wills; nothing outlives the connection that MQTT calls
a session. Whatever ends a connection is a DISCONNECT with its code in MQTT 5, and no word in 3.1.1.
"""

from typing import Any

from tests.support.broker_delivery import QOS, Delivery
from tests.support.broker_script import MAX_QOS, NO_QOS, NO_RETAIN, Answer, Broker, Instead, Reply, matches
from tests.support.mqtt_codec import decode, encode, header
from tests.support.mqtt_fields import MalformedError
from tests.support.mqtt_packets import (
    CONNECT,
    NONE,
    PINGREQ,
    PINGRESP,
    PUBACK,
    SUBACK,
    UNSUBACK,
    V5,
    V311,
    Acknowledge,
    Answers,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Ping,
    Publish,
    Subscribe,
    Unsubscribe,
    Will,
)

NOTHING_THERE, MALFORMED, PROTOCOL_ERROR, TAKEN_OVER, TOPIC_INVALID = 0x11, 0x81, 0x82, 0x8E, 0x90
TOO_MANY, ALIAS_INVALID, NO_WILDCARDS = 0x93, 0x94, 0xA2
FAILED = 0x80
"""Codes from here on are refusals."""


class Session:
    """`feed` what has come, `take` what is to be sent, `gone` when the connection is over."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._packets = 0
        self._at_once = 0
        self._unanswered = 0
        self._will: Will | None = None
        self._delivery: Delivery | None = None
        self._deaf = False
        self._aliases: dict[int, str] = {}
        self.version = V311
        """The protocol level of its CONNECT; 3.1.1 until that is here."""
        self.ended = False
        """The broker wants no more: close the connection once all is sent."""

    def feed(self, data: bytes) -> None:
        """Answer what has come."""
        self._incoming += data
        self._at_once = 0
        try:
            while not self.ended and not self._deaf and (packet := self._next()) is not None:
                self._packets += 1
                if self._packets == self._broker.script.close_after:
                    self.end()
                    return
                self._answer(packet)
        except MalformedError as error:
            self._violation(MALFORMED, str(error))

    def take(self) -> bytes:
        """What has to be sent; it is forgotten here."""
        found = bytes(self._outgoing)
        self._outgoing.clear()
        return found

    def end(self, goodbye: Disconnect | None = None) -> None:
        """Want no more, and say why if the version has words for it."""
        if goodbye is not None and self.version == V5 and not self.ended:
            self._say(goodbye)
        self.ended = True

    def gone(self) -> None:
        """The connection is over; unless its client has said goodbye, its will is said."""
        self.ended = True
        self._broker.receivers.pop(self, None)
        will, self._will = self._will, None
        if will is not None:
            self._broker.route(Publish(will.topic, will.payload, will.qos, will.retain))

    def deliver(self, message: Publish, *, own: bool = False) -> None:
        """Pass it on, if it has subscribed to its topic. `own`: it has come from here."""
        if self._delivery is not None and not self.ended:
            self._delivery.deliver(message, own=own)

    def _say(self, packet: Packet) -> None:
        self._outgoing += encode(packet, self.version)

    def _violation(self, code: int, what: str) -> None:
        """The client has done what it may not."""
        self._broker.violations.append(f"0x{code:02x} {what}")
        self.end(Disconnect(code))

    def _unable(self, code: int, what: str) -> None:
        """The client wants what the broker is not able to do. In 3.1.1 it could not know."""
        if self.version == V5:
            self._violation(code, what)
        else:
            self.end()

    def _next(self) -> Packet | None:
        """The packet at the front, once it is there. What is too large is dealt with here."""
        while not self.ended and (front := header(self._incoming)) is not None:
            if not self._packets and front.first != CONNECT << 4:
                raise MalformedError(f"expected a CONNECT, got 0x{front.first:02x}")
            script = self._broker.script
            fits = front.size <= script.limit
            if not fits and (script.too_large is Instead.HANG_UP or isinstance(script.too_large, Disconnect)):
                self._broker.too_large.append(front.size)
                self._instead(script.too_large)
                return None
            if len(self._incoming) < front.size:
                return None
            data = bytes(self._incoming[: front.size])
            del self._incoming[: front.size]
            packet = decode(data, self.version)
            if fits:
                return packet
            self._broker.too_large.append(front.size)
            if isinstance(packet, Publish) and packet.qos and isinstance(script.too_large, Reply):
                self._say(Acknowledge(PUBACK, packet.mid, *script.too_large))
        return None

    def _instead(self, answer: Answer) -> None:
        """What comes instead of an answer."""
        if answer is not Instead.SILENCE:
            self.end(answer if isinstance(answer, Disconnect) else None)

    def _answer(self, packet: Packet) -> None:
        if self._packets == 1 and isinstance(packet, Connect):
            self._greet(packet)
            return
        assert self._delivery is not None
        match packet:
            case Publish():
                self._publish(packet)
            case Acknowledge(kind=kind) if kind == PUBACK:
                self._delivery.acknowledged(packet.mid)
            case Subscribe():
                self._subscribe(packet, self._delivery)
            case Unsubscribe():
                gone = (self._delivery.unsubscribe(one) for one in packet.filters)
                self._say(Answers(UNSUBACK, packet.mid, tuple(0 if one else NOTHING_THERE for one in gone)))
            case Ping(kind=kind) if kind == PINGREQ:
                self._say(Ping(PINGRESP))
            case Disconnect():
                self._will = self._will if packet.code else None
                self.ended = True
            case _:
                self._violation(PROTOCOL_ERROR, f"a client says {packet}")

    def _greet(self, hello: Connect) -> None:
        script = self._broker.script
        self._broker.connects.append(hello)
        self.version = hello.version
        if hello.version not in script.versions:
            self.version = V311
            answer = script.other_versions
        else:
            answer = self._about_will(hello) or script.connack(hello)
        if not isinstance(answer, Reply):
            self._deaf = True
            self._instead(answer)
            return
        abilities = script.abilities if answer.code == 0 else NONE
        self._say(Connack(answer.code, False, {**abilities, **answer.properties}))
        if answer.code:
            self.ended = True
            return
        self._take_over(hello.client_id)
        self._will = hello.will
        self._delivery = Delivery(hello, self._say)
        self._broker.receivers[self] = hello.client_id

    def _take_over(self, client_id: str) -> None:
        """One client of an id: the older goes."""
        for other, name in self._broker.receivers.items():
            if name == client_id and name:
                other.end(Disconnect(TAKEN_OVER))

    def _about_will(self, hello: Connect) -> Answer | None:
        """Of one that the broker is not able to keep: the end of it."""
        code = self._broker.script.about_will(hello)
        if not code:
            return None
        return Reply(code) if hello.version == V5 else Instead.HANG_UP

    def _publish(self, message: Publish) -> None:
        abilities = self._broker.script.abilities
        alias = message.properties.get("TopicAlias")
        if alias is not None:
            if not 0 < alias <= abilities.get("TopicAliasMaximum", 0):
                self._unable(ALIAS_INVALID, f"topic alias {alias}")
                return
            if message.topic:
                self._aliases[alias] = message.topic
            message = message._replace(topic=self._aliases.get(alias, ""))
        self._broker.received.append(message)
        self._at_once += message.qos > 0
        # None of those that came at once can have been answered before the next was sent.
        waiting = self._at_once + self._unanswered
        if not message.topic or "+" in message.topic or "#" in message.topic:
            self._violation(TOPIC_INVALID, f"topic {message.topic!r}")
        elif message.retain and not abilities.get("RetainAvailable", 1):
            self._unable(NO_RETAIN, f"retained: {message.topic}")
        elif message.qos > abilities.get("MaximumQoS", MAX_QOS):
            self._unable(NO_QOS, f"QoS {message.qos}: {message.topic}")
        elif self.version == V5 and waiting > abilities.get("ReceiveMaximum", 65535):
            self._violation(TOO_MANY, f"{waiting} in flight: {message.topic}")
        else:
            self._take(message)

    def _take(self, message: Publish) -> None:
        answer = self._broker.script.puback(message)
        if not isinstance(answer, Reply):
            self._unanswered += message.qos > 0
            self._instead(answer)
            return
        if message.qos:
            self._say(Acknowledge(PUBACK, message.mid, *answer))
        if answer.code < FAILED:
            self._broker.route(message, self)

    def _subscribe(self, packet: Subscribe, delivery: Delivery) -> None:
        codes, wanted = [], []
        properties: dict[str, Any] = {}
        for topic, options in packet.filters:
            qos = min(options & QOS, self._broker.script.abilities.get("MaximumQoS", MAX_QOS))
            answer = self._suback(topic, qos)
            if not isinstance(answer, Reply):
                self._instead(answer)
                return
            codes.append(answer.code)
            properties.update(answer.properties)
            if answer.code < FAILED:
                self._broker.subscribed.append(topic)
                granted = min(qos, answer.code)
                if delivery.subscribe(topic, options & ~QOS | granted):
                    wanted.append((topic, granted))
        self._say(Answers(SUBACK, packet.mid, tuple(codes), properties))
        for topic, qos in wanted:
            for message in tuple(self._broker.retained.values()):
                if matches(topic, message.topic):
                    delivery.queue(message._replace(qos=min(qos, message.qos)))

    def _suback(self, topic: str, qos: int) -> Answer:
        able = self._broker.script.abilities.get("WildcardSubscriptionAvailable", 1)
        if not able and ("+" in topic or "#" in topic):
            return Reply(NO_WILDCARDS if self.version == V5 else FAILED)
        return self._broker.script.suback(topic, qos)
