"""The listeners that a client keeps at its server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sig import log
from sig.errors import (
    STATUS_OK,
    USER_FAULTS,
    BadParams,
    BadReply,
    NotConnected,
    RequestError,
    RequestTimeout,
)
from sig.event import BUILTIN_EVENTS, Callback
from sig.net.connection import Connection
from sig.net.pending import Pending
from sig.net.presence import Missed, Presence
from sig.net.slices import in_slices
from sig.wire import Message


class Subscription:
    """All of the client's listeners to one (sender, event), which are one listener of the server's."""

    def __init__(self, sender: str | None, event: str | None) -> None:
        self.sender = sender
        self.event = event
        # Replaced, never changed, so that the dispatcher reads it without a lock.
        self.callbacks: tuple[Callback, ...] = ()
        self.listener_id: Any = None
        # Set once the server has answered; there while it is being asked.
        self.asked: threading.Event | None = None
        # Whether notes are taken of all senders that it is about; see `sig.net.presence`.
        self.is_compared = False

    def tells_lifecycle(self) -> bool:
        """Whether #connect or #disconnect come with it."""
        return self.event is None or self.event in BUILTIN_EVENTS

    def hears(self, sender: str, event: str) -> bool:
        """Whether that event of that sender comes with it."""
        return self.sender in (None, sender) and self.event in (None, event)

    def is_there(self) -> bool:
        """Whether the server has it."""
        return self.listener_id is not None

    def deliver(self, info: dict[str, Any], data: Any) -> None:
        """Call the listeners. On the dispatcher."""
        for callback in self.callbacks:
            try:
                callback(info, data)
            except USER_FAULTS:
                log.failure(f"a listener failed on '{info.get('event')}' of '{info.get('sender')}'")


class RemoteListeners:
    """The client's subscriptions, kept up to date at whatever server it is connected to."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._subscriptions: dict[tuple[str | None, str | None], Subscription] = {}
        # Of the connection above; new with each, as the server chooses the ids.
        self._by_id: dict[Any, Subscription] = {}
        self._presence = Presence()

    def add(self, callback: Callback, sender: str | None, event: str | None) -> bool:
        """`ClientRouter.addRemoteListener`."""
        if not callable(callback):
            raise TypeError(f"a listener must be callable as callback(info, data), got {callback!r}")
        with self._lock:
            subscription = self._subscriptions.setdefault((sender, event), Subscription(sender, event))
            is_new = not subscription.callbacks
            subscription.callbacks += (callback,)
            connection = self._connection
            if connection is None or subscription.is_there():
                return True
            asked = subscription.asked
            if asked is None:
                subscription.asked = threading.Event()
        try:
            if asked is None:
                self._ask(connection, subscription)
            else:  # another thread is at it
                asked.wait(connection.limits.timeout_s)
        except NotConnected:
            return True  # lost this moment: the reconnect subscribes
        except BaseException:
            self.remove(callback, sender, event)
            raise
        if subscription.is_there() or connection is not self._connection:
            if is_new and connection is self._connection:
                self.compare(connection, subscription)
            return True
        self.remove(callback, sender, event)
        log.get().warning(f"sender '{sender}' does not declare the event '{event}': not listening to it")
        return False

    def _ask(self, connection: Connection, subscription: Subscription) -> None:
        try:
            connection.wait_for(self._subscribe(connection, subscription, keep=False))
        finally:
            with self._lock:
                asked, subscription.asked = subscription.asked, None
            if asked is not None:
                asked.set()

    def remove(self, callback: Callback, sender: str | None, event: str | None) -> bool:
        """`ClientRouter.removeRemoteListener`."""
        with self._lock:
            subscription = self._subscriptions.get((sender, event))
            if subscription is None or callback not in subscription.callbacks:
                return False
            left = list(subscription.callbacks)
            left.remove(callback)
            subscription.callbacks = tuple(left)
            if left:
                return True
        self._drop(subscription)
        return True

    def restore(self, connection: Connection) -> None:
        """Subscribe anew, at a server that does not know us; from now on it is kept up to date.

        In slices, as many calls at once as a connection has room for; one that is refused is logged, and
        asked for again with the next connection. Raises NotConnected and RequestTimeout.
        """
        with self._lock:
            self._connection = connection
            self._by_id = {}
            waiting = list(self._subscriptions.values())
            for each in waiting:
                each.listener_id = None
        for subscription, call in in_slices(waiting, connection, self._ask_again):
            self._see_restored(connection, subscription, call)

    def _ask_again(
        self, connection: Connection, subscriptions: Sequence[Subscription]
    ) -> list[tuple[Subscription, Pending]]:
        with self._lock:  # a removal must not be overtaken; nor the reader be held up
            return [
                (each, self._subscribe(connection, each, keep=True))
                for each in subscriptions
                if self._subscriptions.get((each.sender, each.event)) is each
            ]

    def _see_restored(self, connection: Connection, subscription: Subscription, call: Pending) -> None:
        sender, event = subscription.sender, subscription.event
        try:
            connection.wait_for(call)
        except (NotConnected, RequestTimeout):
            raise
        except RequestError as err:
            log.get().error(
                f"the server refuses a listener to '{event}' of '{sender}': {err}; "
                "asking again with the next connection"
            )
            return
        if subscription.listener_id is None:
            log.get().warning(
                f"sender '{sender}' does not declare '{event}' any more: listening to it again with the next "
                "connection"
            )

    def compare(self, connection: Connection, new: Subscription | None = None) -> None:
        """Have listeners told which senders have come or gone unheard; see `sig.net.presence`. Does not wait.

        Nobody is told of what was there when he began to listen: of a subscription that is `new` notes are
        taken, and of others that are compared for the first time.
        """
        concerned = [each for each in ([new] if new is not None else self.list()) if each.tells_lifecycle()]
        if concerned:
            self._compare(connection, concerned, new, events=True)

    def _compare(
        self,
        connection: Connection,
        concerned: Sequence[Subscription],
        new: Subscription | None,
        *,
        events: bool,
    ) -> None:
        only = None if new is None else new.sender
        params: Message = {"list_events": events, "list_requests": events, "in_order": True}
        if only is not None:
            params["senders"] = [only]
        self._presence.begin()

        def compared(answer: Message) -> None:
            """On the reader, so that nothing the server tells later comes before."""
            try:
                if answer.get("status") == STATUS_OK:
                    missed = self._presence.compare(answer.get("response"), only)
                    if new is None:
                        self._tell(connection, missed)
                    for each in concerned:
                        each.is_compared = True
                elif events and answer.get("error") == BadParams.error:  # larger than a message may be
                    self._compare(connection, concerned, new, events=False)
                elif connection.is_open():
                    why = answer.get("exception")
                    log.get().warning(
                        f"#connect or #disconnect may be missing: who is there is not known: {why}"
                    )
            finally:
                self._presence.end()

        connection.start_call("list_senders", params, done=compared)

    def _tell(self, connection: Connection, missed: Sequence[Missed]) -> None:
        subscriptions = [each for each in self.list() if each.is_compared and each.is_there()]
        for sender, event, data in missed:
            for each in subscriptions:
                if each.hears(sender, event):
                    info = {"sender": sender, "event": event}
                    connection.add_job(partial(each.deliver, info, data))

    def disconnected(self) -> None:
        """There is no connection any more."""
        self._connection = None

    def list(self) -> list[Subscription]:
        """All subscriptions."""
        with self._lock:
            return list(self._subscriptions.values())

    def signal(self, params: Any, _at_once: bool) -> Callable[[], object] | None:
        """The server's `signal`. On the reader; what it returns is for the dispatcher."""
        info = params.get("info")
        if not isinstance(info, dict):
            raise BadParams(f"info: expected an object, got {type(info).__name__}")
        listener_id = params.get("listener_id")
        subscription = self._by_id.get(listener_id) if isinstance(listener_id, int | str) else None
        event = info.get("event")
        if event in BUILTIN_EVENTS:
            self._presence.heard(info.get("sender"), event, params.get("data"))
        if subscription is None:
            # A signal that was on its way when we unsubscribed.
            return None
        return partial(subscription.deliver, info, params.get("data"))

    def _subscribe(self, connection: Connection, subscription: Subscription, keep: bool) -> Pending:
        """Call add_listener. The id is noted on the reader, before it reads the first signal for it."""
        params: Message = {"sender": subscription.sender, "event": subscription.event}
        if keep and connection.pipelined:
            params["keep"] = True
        noted = partial(self._note_id, connection, subscription)
        return connection.start_call("add_listener", params, done=noted)

    def _note_id(self, connection: Connection, subscription: Subscription, answer: Message) -> None:
        response = answer.get("response")
        if answer.get("status") != STATUS_OK:
            return
        listener_id = response.get("listener_id") if isinstance(response, dict) else None
        if not isinstance(listener_id, int | str | None):
            raise BadReply(f"add_listener was answered with {response!r:.100}")
        with self._lock:
            if connection is not self._connection or listener_id is None:
                return
            key = (subscription.sender, subscription.event)
            # one that is added while it is put back is asked for twice
            wanted = self._subscriptions.get(key) is subscription and not subscription.is_there()
            if wanted:
                subscription.listener_id = listener_id
                self._by_id[listener_id] = subscription
        if not wanted:
            connection.start_call("remove_listener", {"listener_id": listener_id})

    def _drop(self, subscription: Subscription) -> None:
        """Unsubscribe, unless another listener has come meanwhile."""
        with self._lock:
            key = (subscription.sender, subscription.event)
            if self._subscriptions.get(key) is not subscription or subscription.callbacks:
                return
            del self._subscriptions[key]
            listener_id = subscription.listener_id
            self._by_id.pop(listener_id, None)
            connection = self._connection
        if connection is not None and listener_id is not None:
            connection.start_call("remove_listener", {"listener_id": listener_id})
