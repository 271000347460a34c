"""The router, and where other programs reach it, as a service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from gateway.config.address import parse_address
from gateway.listening import listen_problem
from gateway.senders import GatewayRouter, explaining_sender
from gateway.service import Part, StartError, State, all_within
from sig.carrier.tcpserver import CarrierTCPServer
from sig.limits import Limits

if TYPE_CHECKING:
    import ssl

    from gateway.config import Config
    from gateway.own_sender import OwnSender

logger = logging.getLogger(__name__)

PARTING_S = 1.0
_LIMITS = Limits(drain_s=0.1, join_s=0.2)


class Server:
    """`router` is there at once, and listens from `start` on. `sensors`: names that are no client's;
    `why_down`: why a sender is not connected, for any thread; `own`: the gateway's own sender."""

    name = "router"

    def __init__(
        self,
        config: Config,
        sensors: Container[str],
        why_down: Callable[[str], str | None],
        own: OwnSender,
    ) -> None:
        self._config = config
        self._own = own
        self._carrier = _carrier_of(config)
        self._former: list[CarrierTCPServer] = []
        self.router = GatewayRouter(self._carrier, sensors, explaining_sender(why_down))
        own.attach(self.router)  # before anybody can connect: nobody is to hear of it

    def start(self) -> None:
        """See `Service`."""
        self._listen()
        logger.info("router: listening on %s", self._config.router.listen)

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        self._own.close()
        stops = [carrier.stop for carrier in (self._carrier, *self._former)]
        return all_within(stops, within_s, "server")

    def change(self, config: Config) -> None:
        """Listen as another config says; while it runs. Who is connected stays so until `part`, and may be
        told that it has changed. Raises StartError: then it listens as before."""
        before = self._config
        self._exchange(config)
        try:
            self._listen()
        except StartError:
            self._exchange(before)
            self._listen()
            raise
        logger.info("router: listening on %s now", config.router.listen)

    def part(self) -> None:
        """From those who came before the change."""
        former, self._former = self._former, []
        all_within([carrier.stop for carrier in former], PARTING_S, "server")

    def _exchange(self, config: Config) -> None:
        self._carrier.stop_listening()
        self._former.append(self._carrier)
        self._config, self._carrier = config, _carrier_of(config)
        self.router.serve(self._carrier)

    def _listen(self) -> None:
        listen = self._config.router.listen
        address = parse_address(listen)
        try:
            self._carrier.start(f"unix:{address.host}" if address.unix else address.host, address.port)
        except (OSError, ValueError) as error:
            raise StartError(listen_problem(self._config, "router", listen, error)) from None

    def status(self) -> dict[str, Part]:
        """See `Service`: who asks over the network sees that it works."""
        return {"router": Part(State.OK, f"listening on {self._config.router.listen}")}


def _carrier_of(config: Config) -> CarrierTCPServer:
    token = config.router.token
    return CarrierTCPServer(
        token=token.get_secret_value() if token else None,
        ssl_context=_tls_context(config),
        limits=_LIMITS,
    )


def _tls_context(config: Config) -> ssl.SSLContext | None:
    tls = config.router.tls
    if tls is None:
        return None
    import ssl  # costs 10 ms, and few configs have TLS

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.read_at(tls.cert), config.read_at(tls.key))
    return context
