"""Sensors' senders: why they are not connected, and whose their names are."""

import pytest

import sig
from gateway.senders import GatewayRouter, explaining_sender
from sig.carrier.local import LocalCarrier


def test_reason_is_added_where_one_is_known() -> None:
    """The error keeps its type; a connected sender answers as ever."""
    router = sig.Router(class_sender=explaining_sender({"temp": "link board: unplugged"}.get))
    for name in ("temp", "other"):
        router.getSender(name, create=True)
    with pytest.raises(sig.NotConnected, match="'temp' is not connected: link board: unplugged"):
        router.request("temp", "read")
    with pytest.raises(sig.NotConnected, match=r"'other' is not connected$"):
        router.request("other", "read")
    router.addSender("temp", ["#changed"], {"read": lambda _: 5})
    assert router.request("temp", "read") == 5
    with pytest.raises(sig.UnknownMethod):
        router.request("temp", "sing")


def test_a_client_cannot_take_a_sensor_s_name() -> None:
    """Not even while the board is away; any other name is free."""
    server, carrier = LocalCarrier(), LocalCarrier()
    router = GatewayRouter(server, {"temp"}, sig.Sender)
    router.getSender("temp", create=True)
    server.start("sensor names", 1)
    try:
        client = sig.ClientRouter(carrier)
        assert carrier.connect("sensor names", 1)
        with pytest.raises(NameError, match="'temp' is a sensor of this gateway"):
            client.addRemoteSender("temp", ["#changed"])
        client.addRemoteSender("other", ["#changed"])
        router.addSender("temp", ["#changed"])
        assert [sender.isConnected() for sender in router.listSenders()] == [True, True]
    finally:
        carrier.disconnect()
        server.stop()
