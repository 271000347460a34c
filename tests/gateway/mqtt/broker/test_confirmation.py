"""Messages of QoS 0, and pings: no network."""

from gateway.mqtt.broker.confirmation import Confirmation


def test_pings_and_messages() -> None:
    """Each answer confirms what was sent before its ping, in order, whoever sent that."""
    confirmation = Confirmation()
    wanted = [confirmation.ping_wanted]
    confirmation.pinging()  # to keep alive
    confirmation.sent(1)
    wanted.append(confirmation.ping_wanted)
    confirmation.pinging()
    confirmation.sent(2)
    confirmation.sent(3)
    assert confirmation.pong() == []
    assert confirmation.pong() == [1]
    wanted.append(confirmation.ping_wanted)
    confirmation.pinging()
    confirmation.sent(4)
    confirmation.pinging()
    assert confirmation.pong() == [2, 3]
    assert confirmation.pong() == [4]
    assert [*wanted, confirmation.ping_wanted] == [False, False, True, False]
    assert confirmation.pong() == []
