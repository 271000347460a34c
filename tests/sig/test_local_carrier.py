"""LocalCarrier, where it is not as the TCP carriers are: connected to the other carrier itself."""

from __future__ import annotations

import pytest

import sig
from sig.carrier.local import LocalCarrier
from tests.sig.netkit import Inbox, signal_of


def test_connected_to_the_servers_carrier() -> None:
    """Which is started if it was not, and serves others, too."""
    with LocalCarrier() as ours, LocalCarrier() as theirs, LocalCarrier() as other:
        server, client, third = sig.ServerRouter(ours), sig.ClientRouter(theirs), sig.ClientRouter(other)
        heard = Inbox()
        client.addRemoteListener(heard, "s", "e")
        assert theirs.connect(ours) is True
        assert theirs.isConnected()
        signal_of(server.addSender("s", ["e"], {"m": lambda params: params}), "e").trigger(5)
        assert heard.data(1) == [5]
        assert other.connect(ours) is True
        assert third.remoteRequest("s", "m", 6) == 6
    assert ours.address == ("", 0)


def test_one_that_was_started_before() -> None:
    """Stays where it is."""
    with LocalCarrier() as ours, LocalCarrier() as theirs:
        sig.ServerRouter(ours), sig.ClientRouter(theirs)
        ours.start("here", 7300)
        assert theirs.connect(ours)
        assert ours.address == ("here", 7300)


def test_one_that_no_router_uses() -> None:
    """Says what to do, and nothing is connected."""
    with LocalCarrier() as theirs:
        sig.ClientRouter(theirs)
        with pytest.raises(ValueError, match="make a ServerRouter"):
            theirs.connect(LocalCarrier())
        assert not theirs.isConnected()
