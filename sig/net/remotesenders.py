"""The senders that a client offers at its server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sig import log
from sig.errors import NotConnected, RemoteError, RequestError, RequestTimeout
from sig.event import BUILTIN_EVENTS, Callback
from sig.net.connection import Connection
from sig.net.pending import Pending
from sig.net.remotelisteners import RemoteListeners
from sig.net.sendorder import Kind
from sig.net.slices import in_slices
from sig.router import Router
from sig.sender import Handlers, Sender
from sig.wire import Message

# A refusal of the server to add a sender, as the exception that a local router would raise.
_REFUSALS: dict[str | None, type[Exception]] = {"NameError": NameError, "ValueError": ValueError}


class RemoteSenders(Router):
    """A router of its own, whose only listener passes all events on to the server."""

    def __init__(self, client: Router, listeners: RemoteListeners) -> None:
        super().__init__()
        # Signals that were triggered, but could not be passed on.
        self.dropped = 0
        self._client = client
        self._listeners = listeners
        self._connection: Connection | None = None
        # Those that are yet to be put back at the server, which would drop their signals without a word.
        self._missing: set[str] = set()
        super().addListener(self._pass_on)

    @property
    def face(self) -> Router:
        return self._client

    def addListener(self, callback: Callback, sender: str | None = None, event: str | None = None) -> bool:
        """Listening to a remote sender is listening at the server, as everybody does."""
        return self._listeners.add(callback, sender, event)

    def removeListener(self, callback: Callback, sender: str | None = None, event: str | None = None) -> bool:
        return self._listeners.remove(callback, sender, event)

    def addSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender:
        """Offer a sender at the server, now if connected, and after each reconnect."""
        self.class_sender = self._client.class_sender
        self.class_signal = self._client.class_signal
        self.class_event = self._client.class_event
        with self.lock:
            sender = self.register(name, events, requests)
            connection = self._connection
        try:
            if connection is not None:
                connection.call("add_sender", _describe(sender))
        except NotConnected:
            log.get().debug(f"sender '{name}' is added when the connection is back")
        except RemoteError as err:
            self._take_back(sender)
            raise _REFUSALS.get(err.raised, RemoteError)(str(err)) from err
        except BaseException:
            self._take_back(sender)
            raise
        self.deliver_lifecycle(name)
        return sender

    def owns(self, sender: Sender) -> bool:
        """Whether it was made here, and not by the client for itself."""
        return sender._router is self

    def removeSender(self, sender: Sender | str) -> bool:
        """Take a sender back, after the signals triggered before."""
        if sender is None:
            raise ValueError("which sender to remove? Pass it, or its name, not None")
        self.check_own(sender)
        with self.lock:
            removed = self.unregister(sender)
            connection = self._connection
            if removed is not None:
                self._missing.discard(removed.getName())
        if removed is None:
            return False
        self._take_back(removed)
        try:
            if connection is not None:
                params = {"sender": removed.getName()}
                connection.wait_for(connection.start_call("remove_sender", params, kind=Kind.CALL_IN_ORDER))
        except LookupError:
            log.get().debug(f"sender '{removed.getName()}' was gone from the server already")
        return True

    def _take_back(self, sender: Sender) -> None:
        self.unregister(sender)
        self.deliver_lifecycle(sender.getName())
        self.forget(sender)

    def restore(self, connection: Connection) -> None:
        """Add all senders at a server that does not know them; from now on it is kept up to date.

        In slices, as many calls at once as a connection has room for; one that is refused is logged. Raises
        NotConnected and RequestTimeout.
        """
        with self.lock:
            waiting = self.listSenders()
            self._missing = {each.getName() for each in waiting if each.isConnected()}
            self._connection = connection
        for sender, call in in_slices(waiting, connection, self._add_again):
            try:
                connection.wait_for(call)
            except (NotConnected, RequestTimeout):
                raise
            except RequestError as err:
                log.get().error(f"the server refuses the sender '{sender.getName()}': {err}")
            self._missing.discard(sender.getName())

    def _add_again(self, connection: Connection, senders: Sequence[Sender]) -> list[tuple[Sender, Pending]]:
        with self.lock:  # against a removal, which must not be overtaken
            return [
                (each, connection.start_call("add_sender", _describe(each)))
                for each in senders
                if each.isConnected()
            ]

    def count_dropped(self, signals: int) -> None:
        """So many that were queued will not be sent."""
        self.dropped += signals

    def disconnected(self) -> None:
        """There is no connection any more."""
        self._connection = None
        self._missing = set()

    def _pass_on(self, info: dict[str, Any], data: Any) -> None:
        if info["event"] in BUILTIN_EVENTS:
            return
        connection = self._connection if info["sender"] not in self._missing else None
        try:
            passed_on = connection is not None and connection.signal_to_server(info, data)
        except BaseException:  # it cannot be written, say: the trigger tells
            self.dropped += 1
            raise
        if not passed_on:
            self.dropped += 1
            log.get().debug(f"signal '{info['event']}' of '{info['sender']}' is dropped: not connected")


def _describe(sender: Sender) -> Message:
    """The params of `add_sender`."""
    return {"sender": sender.getName(), "events": sender.getEvents(), "requests": sender.getRequests()}
