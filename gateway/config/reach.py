"""How a fleet's routers are reached: what `fleet` is in a gateway's config and in a collector's."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.config.fields import Section, Text, field

WRITE = "{ca: secrets/fleet/ca.pem, cert: secrets/fleet/cert.pem, key: secrets/fleet/key.pem}"
"""Where `fleet enrol` has its files copied to."""


class FleetTlsSection(Section):
    """`fleet.tls`: whom to trust, and who we are; `sig-gateway fleet enrol` makes all three."""

    ca: Text = field(
        ...,
        "The fleet's own authority, PEM; relative to the config file.",
        "a file's path",
        "secrets/fleet/ca.pem",
    )
    cert: Text = field(..., "Our own certificate, PEM.", "a file's path", "secrets/fleet/cert.pem")
    key: Text = field(
        ..., "Its private key, PEM, without a passphrase.", "a file's path", "secrets/fleet/key.pem"
    )


Routers = Annotated[
    list[Text],
    Field(min_length=1),
    field(
        ...,
        "The fleet's routers, the first that answers; two or more, so that one may fail. `tcp:` is for those "
        "on this machine.",
        "a list of URLs such as tls://hub1 or tls://hub1:7447",
        "[tls://hub1, tls://hub2]",
    ),
]
Certificates = Annotated[
    FleetTlsSection | None,
    field(
        None,
        "Certificates, for `tls:`; `sig-gateway fleet enrol` makes them.",
        "a mapping",
        WRITE,
    ),
]
