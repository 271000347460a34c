"""The composition root: the only module that puts dispatcher, links, sensors and router together."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sig
from drivers.dispatcher import Dispatcher
from drivers.identities import Roster
from drivers.kinds import new_source, sensor_class
from drivers.link import Link
from drivers.sensor import Sensor
from drivers.source import Source
from drivers.stream.on_port import OnPort
from gateway.captures import Tapped
from gateway.clock.wall import WallClock
from gateway.config import Config
from gateway.config.models import parse_address
from gateway.data_folder import DataFolder, InUseError
from gateway.discovered import Discovery, Names, discovers
from gateway.identities import Identities
from gateway.notes import LinkNotes
from gateway.own_sender import OwnSender
from gateway.senders import GatewayRouter, explaining_sender
from gateway.timekeeping import Timekeeping, open_clock
from gateway.version import package_version
from sig.carrier.tcpserver import CarrierTCPServer
from sig.limits import Limits

if TYPE_CHECKING:
    import ssl

    from gateway.mqtt.bridge import Bridge

logger = logging.getLogger(__name__)

LINKS_S = 1.0
DISPATCHER_S = 0.3
SERVER_S = 0.4
STOP_S = LINKS_S + DISPATCHER_S + 0.1 + SERVER_S
"""What `stop` gives each stage, and all of them, of the 2 s that were promised. The last has what the others
left: the bridge to MQTT, which stops beside the server, may have to wait for a slow disk."""

_LIMITS = Limits(drain_s=0.1, join_s=0.2)


class StartError(Exception):
    """The gateway cannot start; the text says what, where, and what to do."""


class App:
    """One gateway. The constructor opens nothing; `start` and `stop` belong to one thread.

    `router`, `clock`, `links` and `sensors` are there from `start` on, and may be used from any thread.
    """

    router: sig.ServerRouter
    clock: WallClock

    def __init__(self, config: Config) -> None:
        self.config = config
        self.dispatcher = Dispatcher()
        self.links: dict[str, Link] = {}
        self.sensors: dict[str, Sensor] = {}
        self.folder = DataFolder(config.data)
        self.names = Names(config.sensors)
        self._taps: dict[str, Tapped | None] = {}
        self._own: OwnSender | None = None
        self._carrier: CarrierTCPServer | None = None
        self._bridge: Bridge | None = None
        self._timekeeping: Timekeeping | None = None

    def start(self) -> None:
        """Listen, then open every link; returns at once, whether their boards are there or not.

        Raises StartError, with everything stopped again.
        """
        try:
            self._take_folder()
            self._keep_time()
            self._serve()
            self._make_links()
            self._bridge_to_mqtt()
            self._open_links()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Close everything, in less than 2 s whatever hangs; False if something had to be left behind."""
        deadline = time.monotonic() + STOP_S
        done = _all_within([link.close for link in self.links.values()], LINKS_S, "link")
        done &= _all_within([lambda: self.dispatcher.stop(DISPATCHER_S)], DISPATCHER_S + 0.1, "dispatcher")
        if self._own is not None:
            self._own.close()
        carrier, self._carrier = self._carrier, None
        bridge, self._bridge = self._bridge, None
        left_s = max(SERVER_S, deadline - time.monotonic())
        last: list[Callable[[], object]] = [carrier.stop] if carrier is not None else []
        if self._timekeeping is not None:
            last.append(self._timekeeping.stop)
        if bridge is not None:
            last.append(lambda: bridge.stop(left_s))
        done &= _all_within(last, left_s, "server")
        self.folder.close()
        return done

    def _take_folder(self) -> None:
        try:
            self.folder.open()
        except InUseError as error:
            raise StartError(f"{self.config.where('gateway', 'data')}: gateway.data: {error}") from None

    def _keep_time(self) -> None:
        try:
            self.clock = open_clock(self.config.data, self.folder)
        except ValueError as error:
            raise StartError(str(error)) from None
        self._timekeeping = Timekeeping(self.clock, self.dispatcher)

    def _serve(self) -> None:
        listen = self.config.router.listen
        token = self.config.router.token
        self._carrier = CarrierTCPServer(
            token=token.get_secret_value() if token else None,
            ssl_context=_tls_context(self.config),
            limits=_LIMITS,
        )
        self.router = GatewayRouter(self._carrier, self.names, explaining_sender(self._why_down))
        self._attach_own()
        address = parse_address(listen)
        try:
            self._carrier.start(f"unix:{address.host}" if address.unix else address.host, address.port)
        except (OSError, ValueError) as error:
            raise StartError(_listen_problem(self.config, error)) from None
        logger.info("router: listening on %s", listen)

    def _attach_own(self) -> None:
        """Before anybody can connect, so that nobody hears of it."""
        hidden = frozenset(
            name for name in self.config.links if ("links", name, "port") in self.config.secrets
        )
        self._own = OwnSender(
            self.config.gateway.name, self.links, self._taps, hidden=hidden, clock=self.clock
        )
        self._own.attach(self.router)

    def _tapped(self, name: str, source: Source) -> Tapped | None:
        """What captures of a link hear; None where its source has no port."""
        if not isinstance(source, OnPort):
            return None
        link = self.config.links[name]
        hidden = ("links", name, "port") in self.config.secrets
        port = None if hidden else link.options.get("port")
        about = {"port": port, "baud": source.settings.baud, "protocol": link.protocol}
        return Tapped(source.tap, about)

    def _why_down(self, name: str) -> str | None:
        sensor, section = self.sensors.get(name), self.names.get(name)
        if sensor is None or section is None:
            return None
        link = self.links[section.link]
        reason = link.status().reason or sensor.problem or link.absence(sensor.channel)
        return f"link {link.name}: {reason or 'the board has just come; ask again'}"

    def _make_links(self) -> None:
        memory = Identities(self.config.data / "identities.json", self.config.links, self.folder)
        roster = Roster()
        for name, link in self.config.links.items():
            options = link.options
            if isinstance(port := options.get("port"), str) and self.folder.status().usable:
                options["port"] = sim_port(port, self.config.data / name)
            source = new_source(link.protocol, options)
            self._taps[name] = self._tapped(name, source)
            self.links[name] = Link(
                name,
                source=source,
                identity=link.identity,
                memory=memory,
                roster=roster,
                notes=LinkNotes(self.config.data / f"{name}.notes.json", name, self.folder),
                dispatcher=self.dispatcher,
                clock=self.clock,
            )
        for name, sensor in self.config.sensors.items():
            kind = sensor_class(sensor.driver)
            self.sensors[name] = kind(name, self.links[sensor.link], sensor.channel, **sensor.options)
            self.sensors[name].attach(self.router)
        for name, section in self.config.links.items():
            if discovers(section.options):
                Discovery(
                    self.links[name], self.names, self.folder, made=self._found, gone=Sensor.detach
                ).remember()

    def _found(self, sensor: Sensor) -> None:
        """At the start, and then on the dispatcher's thread."""
        self.sensors = {**self.sensors, sensor.name: sensor}
        sensor.attach(self.router)

    def _bridge_to_mqtt(self) -> None:
        """Before the links are opened, so that it hears their sensors' connects."""
        if self.config.mqtt is None:
            return
        from gateway.mqtt.bridge import Bridge  # paho costs 12 MB
        from gateway.mqtt.settings import from_config

        self._bridge = Bridge(
            self.router,
            from_config(self.config, self.links, package_version(), self.names.discovered),
            self.clock,
        )
        self._bridge.start()

    def _open_links(self) -> None:
        if self._timekeeping is not None:
            self._timekeeping.start()
        self.dispatcher.start()
        for opened in self.links.values():
            opened.open()


def sim_port(port: str, path: Path) -> str:
    """`sim:` without a path gets one that is known, so that `simulate --tell` can reach the board.

    Left as it is where the data folder's path holds a `?`, which would end the path there.
    """
    if port != "sim:" and not port.startswith("sim:?"):
        return port
    return port if "?" in str(path) else f"sim:{path}{port.removeprefix('sim:')}"


def _tls_context(config: Config) -> ssl.SSLContext | None:
    tls = config.router.tls
    if tls is None:
        return None
    import ssl  # costs 10 ms, and few configs have TLS

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.beside(tls.cert), config.beside(tls.key))
    return context


def _listen_problem(config: Config, error: OSError | ValueError) -> str:
    text = f"{config.where('router', 'listen')}: router.listen: cannot listen on {config.router.listen}"
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        text += ": it is in use; does another gateway run? End it, or choose another port here"
        return f"{text} (`ss -ltnp` shows who listens where)"
    if number in (errno.EACCES, errno.EPERM):
        return f"{text}: this user may not; choose a port from 1024 on"
    if number == errno.EADDRNOTAVAIL:
        return f"{text}: this machine has no such address; `ip address` shows those it has"
    return f"{text}: {getattr(error, 'strerror', None) or error}"


def _all_within(actions: Sequence[Callable[[], object]], timeout_s: float, what: str) -> bool:
    """Run the actions at the same time, each on a thread; False if one is not done after `timeout_s`."""
    threads = [threading.Thread(target=action, name=f"stop-{what}", daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + timeout_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = sum(thread.is_alive() for thread in threads)
    if left:
        logger.warning("stopping: %d %s did not stop within %g s and is left behind", left, what, timeout_s)
    return left == 0
