"""Whose wrong tokens are counted together."""

import pytest

from gateway.http.browsers import address_of


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (None, ""),
        (("10.0.0.7", 1234), "10.0.0.7"),
        (("::1", 1234), "::"),
        (("2001:db8:1:2:3:4:5:6", 1234, 0, 0), "2001:db8:1:2::"),
        (("2001:db8:1:2::9", 1234, 0, 0), "2001:db8:1:2::"),
        (("2001:db8:1:3::9", 1234, 0, 0), "2001:db8:1:3::"),
        (("fe80::1%eth0", 1234, 0, 2), "fe80::"),
        (("::ffff:10.0.0.7", 1234, 0, 0), "10.0.0.7"),
    ],
)
def test_addresses(client: object, counted: str) -> None:
    """One machine has many in an IPv6 network, and one in an IPv4 network."""
    assert address_of({"client": client}) == counted
