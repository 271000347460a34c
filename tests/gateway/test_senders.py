"""Senders that say why they are not connected."""

import pytest

import sig
from gateway.senders import explaining_sender


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
