"""The socket that browsers connect to."""

import errno
import socket

import pytest

from gateway.config.address import Address
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


def test_the_zone_of_a_link_local_address_counts() -> None:
    """Without it the system does not know which network is meant, and says that the address is invalid."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with pytest.raises(OSError, match="fe80") as caught, listening(Address(host="fe80::5:1%lo", port=0)):
        pass
    assert caught.value.errno == errno.EADDRNOTAVAIL
