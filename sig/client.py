"""ClientRouter: a Router of its own process that also takes part in a server's."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from itertools import count
from typing import Any

from sig import log
from sig.carrier.base import Carrier, Channel
from sig.errors import BadParams, BadReply, NotConnected, UnknownMethod
from sig.event import Callback, Event
from sig.net.connection import Connection
from sig.net.dispatch import Dispatcher
from sig.net.pending import LATER, Call
from sig.net.remotelisteners import RemoteListeners
from sig.net.remotesenders import RemoteSenders
from sig.net.session import PROTOCOL
from sig.router import Router
from sig.sender import Handlers, Sender
from sig.signals import Signal
from sig.subscription import Adding, Removing
from sig.wire import Message


class ClientRouter(Router):
    """Reaches a server's senders and listeners through `carrier`, and offers it its own.

    What is added (`addRemoteSender`, `addRemoteListener`) may be added before connecting, is put back after
    every reconnect, and stays until it is removed. Remote listeners run one after the other on one thread
    of the client, requests to its senders on a few others; both may call anything here.
    """

    def __init__(
        self,
        carrier: Carrier,
        class_sender: type[Sender] = Sender,
        class_signal: type[Signal] = Signal,
        class_event: type[Event] = Event,
    ) -> None:
        super().__init__(class_sender, class_signal, class_event)
        self.carrier = carrier
        self._connection: Connection | None = None
        # By this the server knows us again, and lets go of an older connection that it has not found dead.
        self._instance = uuid.uuid4().hex
        self._numbers = count(1)
        self._dispatcher: Dispatcher | None = None
        self._remote_listeners = RemoteListeners()
        self._remote_senders = RemoteSenders(self, self._remote_listeners)
        carrier.bind(self._accept, self._greet, self._finish)

    def addRemoteSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender:
        """Offer a sender to the server and all of its clients; arguments and errors as `addSender`.

        Its signals go to the server: `trigger` does not wait for it, but for room in the queue if signals
        come quicker than the connection takes them (`Limits.full_wait_s` at most). Its request handlers run
        in this process, several at a time. While there is no connection, signals are dropped and counted
        in `dropped_signals`.
        """
        return self._remote_senders.addSender(name, events, requests)

    def removeRemoteSender(self, sender: Sender | str) -> bool:
        """Take a sender back; its listeners get #disconnect. False if there is none of that name."""
        return self._remote_senders.removeSender(sender)

    def removeSender(self, sender: Sender | str) -> bool:
        """As a Router's; of a remote sender itself, rather than its name, as `removeRemoteSender`."""
        if isinstance(sender, Sender) and self._remote_senders.owns(sender):
            return self.removeRemoteSender(sender)
        return super().removeSender(sender)

    def check_own(self, sender: Sender | str) -> None:
        if not (isinstance(sender, Sender) and self._remote_senders.owns(sender)):
            super().check_own(sender)

    @property
    def dropped_signals(self) -> int:
        """How many signals of remote senders could not be sent."""
        return self._remote_senders.dropped

    def addRemoteListener(
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool:
        """Subscribe at the server; the four kinds, as `addListener`.

        False, with a logged warning, if the sender is connected and does not declare the event.
        """
        return self._remote_listeners.add(callback, sender, event)

    def removeRemoteListener(
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool:
        """End one subscription made with the same arguments; False if there is none."""
        return self._remote_listeners.remove(callback, sender, event)

    def listening(self, remote: bool) -> tuple[Adding, Removing]:
        return (self.addRemoteListener, self.removeRemoteListener) if remote else super().listening(remote)

    def remoteRequest(
        self, sender: str, method: str, params: Any = None, timeout: float | None = None
    ) -> Any:
        """Call a handler of any sender that the server knows, and return what it returns.

        `timeout` in seconds (default: the carrier's `Limits.timeout_s`, 10). Raises, at once where it can:
        NotConnected (no connection, or it ended meanwhile; or the sender is not connected), UnknownSender,
        UnknownMethod, RequestTimeout, Busy, LookupError where the handler raised one, RemoteError with the
        text of any other exception of the handler; ValueError if `method` is None.
        """
        if method is None:
            raise ValueError("a request needs a method: pass its name, not None")
        connection = self._connected()
        request: Message = {"sender": sender, "method": method, "params": params}
        if timeout is not None and connection.pipelined:
            request["timeout"] = timeout
        return connection.call("request", request, timeout)

    def listRemoteSenders(self, list_events: bool = False) -> list[dict[str, Any]]:
        """The server's senders: `[{"sender": name, "connected": bool, "events": [{"event": name}]}]`.

        "events" only with `list_events`. Raises as `remoteRequest`.
        """
        found = self._connected().call("list_senders", {"list_events": list_events})
        if not isinstance(found, list):
            raise BadReply(f"list_senders: expected a list, got {found!r:.100}")
        # A pysig also lists the listeners to any sender, as those of a sender None.
        return [each for each in found if not (isinstance(each, dict) and each.get("sender") is None)]

    def getRemoteVersion(self) -> str:
        """The server's version, as it says. Raises as `remoteRequest`."""
        return str(self._connected().call("get_version", {}))

    def __str__(self) -> str:
        lines = [super().__str__(), f"  {'connected' if self._connection else 'not connected'} to a server"]
        lines += [f"  remote {line.strip()}" for line in str(self._remote_senders).splitlines()[2:]]
        for each in self._remote_listeners.list():
            where = f"sender {each.sender or '(any)'}, event {each.event or '(any)'}"
            lines.append(f"  remote subscription to {where}: {len(each.callbacks)} listeners")
        return "\n".join(lines)

    def _connected(self) -> Connection:
        connection = self._connection
        if connection is None or not connection.is_open():
            raise NotConnected("there is no connection to a server")
        return connection

    # What follows is for the carrier.

    def _accept(self, channel: Channel) -> Connection:
        name = f"sig-client-{next(self._numbers)}"
        limits = self.carrier.limits
        with self.lock:
            if self._dispatcher is None:
                # It outlives connections: what one has brought is delivered before what the next brings.
                self._dispatcher = Dispatcher(f"{name}-dispatcher", 2 * limits.max_jobs, self)
        connection = Connection(channel, self.carrier.codec, limits, name, self._dispatcher)
        connection.sort = self._remote_listeners.signal
        connection.methods = {"request": partial(self._request, connection)}
        connection.on_lost = partial(self._lost, connection)
        connection.on_unsent = self._remote_senders.count_dropped
        return connection

    def _greet(self, connection: Connection) -> None:
        """Show the token, find out whether the server is one of ours, and put back what we have there."""
        timeout_s = connection.limits.handshake_s
        if self.carrier.token is not None:
            try:
                connection.call("auth", {"token": self.carrier.token}, timeout_s)
            except UnknownMethod:
                log.get().warning(f"{connection.address} knows no tokens: anybody may connect to it")
        try:
            about_us = {"protocol": PROTOCOL, "instance": self._instance, "window": connection.limits.window}
            about_it = connection.call("hello", about_us, timeout_s)
            if not isinstance(about_it, dict):
                raise BadReply(f"hello: expected an object, got {about_it!r:.100}")
            connection.pipeline(about_it.get("window"))
        except UnknownMethod:
            log.get().info(f"{connection.address} is a pysig: one call at a time")
        self._connection = connection
        self._remote_senders.restore(connection)
        self._remote_listeners.restore(connection)
        self._remote_listeners.compare(connection)

    def _lost(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._remote_senders.disconnected()
            self._remote_listeners.disconnected()

    def _finish(self) -> None:
        """The carrier will not connect again by itself."""
        with self.lock:
            dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is not None:
            dispatcher.close(discard=True)
            dispatcher.join(self.carrier.limits.join_s)

    def _request(self, connection: Connection, params: Message, call: Call) -> Any:
        """The server's `request` for a sender of ours."""
        name, method = params.get("sender"), params.get("method")
        if not isinstance(name, str) or not isinstance(method, str):
            raise BadParams("sender and method: expected names")
        run = partial(self._remote_senders.request, name, method, params.get("params"))
        connection.reading.queue_request(call, run)
        return LATER
