"""The socket that browsers connect to."""

import socket

import pytest

from gateway.config.models import Address
from gateway.http.listening import listening


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_nothing_that_is_sent_waits_for_what_was_sent_before(host: str) -> None:
    """Else each answer on a connection that is kept takes 40 ms more than it needs."""
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        pytest.skip(f"{host}: {error}")
    with (
        listening(Address(host=host, port=0)) as bound,
        socket.create_connection(bound.getsockname()[:2]),
        bound.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
