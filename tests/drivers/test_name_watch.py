"""A name that somebody else has; what a sensor does with it is in test_sensor."""

import sig
from drivers import Dispatcher
from drivers.name_watch import NameWatch
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer
from tests.support.waiting import until


def test_a_client_that_goes_away_frees_the_name(dispatcher: Dispatcher) -> None:
    """It need not say so."""
    tried: list[str] = []
    listening = CarrierTCPServer()
    server = sig.ServerRouter(listening)
    assert listening.start("127.0.0.1", 0)
    try:
        carrier = CarrierTCPClient()
        client = sig.ClientRouter(carrier)
        assert carrier.connect(*listening.address)
        client.addRemoteSender("temp", ["x"])
        watch = NameWatch("temp", dispatcher, lambda: tried.append("again"))
        watch.start(server)
        watch.start(server)
        carrier.disconnect()
        until(lambda: tried)
        watch.stop()
        watch.stop()
        server.addSender("temp", ["x"]).remove()
        assert tried == ["again"]
    finally:
        listening.stop()
