"""What one client may call on the server, and what it has there: its senders and its listeners."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Any, Protocol

from sig import log
from sig.errors import BadParams, Busy, Unauthorized, UnknownSender
from sig.event import BUILTIN_EVENTS, Callback
from sig.limits import Limits
from sig.net.connection import Connection
from sig.net.pending import LATER, Call
from sig.net.relay import Relay, RemoteListener
from sig.sender import Sender
from sig.signals import Signal
from sig.wire import Message

PROTOCOL = "sig 1"
# One each of a few clients that were given an old token; more are counted.
WRONG_TOKENS_TOLD = 5


class RemoteHandler:
    """A request handler that lives in a client. `method` None: its default handler."""

    def __init__(self, connection: Connection, sender: str, method: str | None) -> None:
        self._connection = connection
        self._sender = sender
        self._method = method

    def __call__(self, *args: Any) -> Any:
        method, params = args if self._method is None else (self._method, *args)
        request = {"sender": self._sender, "method": method, "params": params}
        return self._connection.call("request", request)

    def relay(self, method: str, params: Any, timeout_s: float, call: Call) -> None:
        """Pass another client's request on, and the answer back, with no thread waiting for it."""
        request: Message = {"sender": self._sender, "method": method, "params": params}
        if self._connection.pipelined:
            request["timeout"] = timeout_s
        self._connection.start_call("request", request, timeout_s, call.forward, gathered=True)


class Host(Protocol):
    """What a session needs of the server's router. It is called on the reader and runs no user code, but for
    what is posted from there: `drop`, `deliver_lifecycle` and `request`."""

    def take_over(self, session: Session, instance: str) -> None: ...
    def left(self, session: Session) -> None: ...
    def slow_down(self, connection: Connection) -> None: ...
    def register_for(
        self, session: Session, name: str, events: Any, requests: dict[str | None, RemoteHandler], size: int
    ) -> None: ...
    def drop(self, session: Session, name: str) -> None: ...
    def deliver_lifecycle(self, name: str) -> None: ...
    def subscribe(
        self,
        callback: Callback,
        sender: str | None,
        event: str | None,
        keep: bool,
    ) -> bool: ...
    def removeListener(
        self,
        callback: Callback,
        sender: str | None = None,
        event: str | None = None,
    ) -> bool: ...
    def pack_event(self, info: dict[str, Any], data: Any) -> Any: ...
    def describe_senders(self, list_events: bool) -> list[dict[str, Any]]: ...
    def describe_connected(
        self, list_events: bool, list_requests: bool, names: Sequence[object] | None
    ) -> list[dict[str, Any]]: ...
    def getSender(self, name: str) -> Sender | None: ...
    def request(self, sender: str, method: str, params: Any = None) -> Any: ...


class Session:
    """One client. Its methods run on the connection's reader; what runs user code is posted from there."""

    def __init__(self, host: Host, connection: Connection, token: str | None) -> None:
        self.connection = connection
        self.instance: str | None = None
        self._host = host
        self._token = token
        self._limits = connection.limits
        self._ids = count(1)
        # The router keeps it, as senders may be taken away from us: see ServerRouter.
        self.senders: dict[str, Sender] = {}
        # How many events and methods each has, and all of them.
        self._sizes: dict[str, int] = {}
        self._parts = 0
        self._relay = Relay(connection, self._find_signal)
        self._listeners: dict[int, tuple[RemoteListener, str | None, str | None]] = {}
        connection.on_lost = self._lost
        connection.on_sorted = self._relay.flush
        connection.methods = {"auth": self._auth}
        if token is None:
            connection.take_for_stranger(None)
            connection.on_first = self._open
        else:
            connection.take_for_stranger(
                Unauthorized('this server wants a token first: call auth with {"token": …}')
            )

    def _open(self) -> None:
        """Let the client in, to call everything; Busy if there is no room for it, which it is told."""
        try:
            self.connection.let_in()
        except Busy as err:
            if self._token is not None:
                raise
            self.connection.take_for_stranger(err)
            return
        self.connection.sort = self._relay.signal
        self.connection.methods = {
            "auth": self._auth,
            "hello": self._hello,
            "get_version": lambda _params, _call: PROTOCOL,
            "list_senders": self._list_senders,
            "add_sender": self._add_sender,
            "remove_sender": self._remove_sender,
            "add_listener": self._add_listener,
            "remove_listener": self._remove_listener,
            "request": self._request,
        }

    # --- making acquaintance ---

    def _auth(self, params: Message, call: Call) -> Any:
        token = params.get("token")
        given = token.encode() if isinstance(token, str) else b""
        if self._token is not None and not _are_same(given, self._token.encode()):
            address = self.connection.address
            text = f"[{self.connection.name}] wrong token from {address}: refused"
            log.repeated.note("wrong token", text, self.connection.origin, at_once=WRONG_TOKENS_TOLD)
            self._host.slow_down(self.connection)
            call.fail(Unauthorized("wrong token"))
            self.connection.writing.drain(self._limits.drain_s)
            self.connection.close("wrong token")
            return LATER
        if self.connection.refusal is not None:
            self._open()
        return None

    def _hello(self, params: Message, _call: Call) -> Any:
        """Only our own clients call this: they may be sent any number of messages at once."""
        instance = params.get("instance")
        if isinstance(instance, str):
            self._host.take_over(self, instance)
        self.connection.pipeline(params.get("window"))
        return {"protocol": PROTOCOL, "window": self._limits.window}

    # --- senders ---

    def _add_sender(self, params: Message, _call: Call) -> Any:
        name = _name(params, "sender", self._limits)
        methods = params.get("requests")
        if methods is not None and not (
            isinstance(methods, list) and all(m is None or isinstance(m, str) for m in methods)
        ):
            raise BadParams(f"requests: expected a list of names, or null, got {methods!r:.100}")
        events = params.get("events")
        if not (events is None or isinstance(events, str | list)):
            raise BadParams(f"events: expected a list of names, got {events!r:.100}")
        if len(self.senders) >= self._limits.max_names:
            raise Busy(f"one client may have {self._limits.max_names} senders")
        parts = [*(methods or ()), *([events] if isinstance(events, str) else events or ())]
        for part in parts:
            if isinstance(part, str):
                _check_length(part, self._limits)
        if self._parts + len(parts) > self._limits.max_events:
            raise Busy(f"the senders of one client may have {self._limits.max_events} events and methods")
        handlers = {method: RemoteHandler(self.connection, name, method) for method in methods or ()}
        self._host.register_for(self, name, events, handlers, len(parts))
        self.connection.add_job(partial(self._host.deliver_lifecycle, name))
        return None

    def _remove_sender(self, params: Message, call: Call) -> Any:
        # In order with the signals before it; so it is the dispatcher that answers.
        name = _name(params, "sender", self._limits)
        if name not in self.senders:
            raise UnknownSender(f"this client has no sender '{name}'")
        self.connection.add_job(partial(call.run, partial(self._drop_sender, name)))
        return LATER

    def _drop_sender(self, name: str) -> None:
        self._host.drop(self, name)

    def own(self, name: str, sender: Sender, size: int) -> None:
        """The sender is ours, with so many events and methods. With the server's lock held."""
        self.senders[name] = sender
        self._sizes[name] = size
        self._parts += size

    def disown(self, name: str) -> None:
        """The sender of that name is no longer ours. With the server's lock held."""
        self.senders.pop(name, None)
        self._parts -= self._sizes.pop(name, 0)
        self._relay.forget(name)

    def _find_signal(self, name: Any, event: Any) -> Signal:
        sender = self.senders.get(name)
        if sender is None:
            raise UnknownSender(f"this client has no sender '{name}'")
        signal = sender.getSignal(event) if event not in BUILTIN_EVENTS else None
        if signal is None:
            raise BadParams(f"sender '{name}' does not declare the event '{event}'")
        return signal

    # --- listeners ---

    def _add_listener(self, params: Message, _call: Call) -> Any:
        sender = _name(params, "sender", self._limits, or_none=True)
        event = _name(params, "event", self._limits, or_none=True)
        if len(self._listeners) >= self._limits.max_names:
            raise Busy(f"one client may have {self._limits.max_names} listeners")
        listener = RemoteListener(self._host.pack_event, self.connection, next(self._ids))
        keep = params.get("keep") is True
        if not self._host.subscribe(listener, sender, event, keep):
            return {"listener_id": None}
        self._listeners[listener.listener_id] = (listener, sender, event)
        return {"listener_id": listener.listener_id}

    def _remove_listener(self, params: Message, _call: Call) -> Any:
        listener_id = params.get("listener_id")
        found = self._listeners.pop(listener_id, None) if isinstance(listener_id, int) else None
        if found is None:
            raise BadParams(f"there is no listener {listener_id!r:.100}")
        self._host.removeListener(*found)
        return None

    # --- requests, and what there is ---

    def _list_senders(self, params: Message, call: Call) -> Any:
        events = bool(params.get("list_events"))
        if params.get("in_order") is not True:
            return self._host.describe_senders(events)
        # a client of ours, which compares it with what it has been told
        names = params.get("senders")
        if not (names is None or isinstance(names, list)):
            raise BadParams(f"senders: expected a list of names, got {names!r:.100}")
        requests = bool(params.get("list_requests"))
        call.reply(self._host.describe_connected(events, requests, names), in_order=True)
        return LATER

    def _request(self, params: Message, call: Call) -> Any:
        name = _name(params, "sender", self._limits)
        method = _name(params, "method", self._limits)
        sender = self._host.getSender(name)
        if sender is None:
            raise UnknownSender(f"there is no sender '{name}'")
        timeout_s = params.get("timeout")
        if not isinstance(timeout_s, int | float) or not 0 < timeout_s <= self._limits.max_timeout_s:
            timeout_s = self._limits.timeout_s
        handler, _ = sender.handler(method)
        if isinstance(handler, RemoteHandler):
            handler.relay(method, params.get("params"), timeout_s, call)
        else:
            request = partial(self._host.request, name, method, params.get("params"))
            self.connection.reading.queue_request(call, request)
        return LATER

    # --- the end ---

    def _lost(self) -> None:
        """The connection is gone: so are its listeners, and its senders after their last signals."""
        for found in list(self._listeners.values()):
            self._host.removeListener(*found)
        self._listeners.clear()
        for name in list(self.senders):
            self.connection.dispatcher.post(partial(self._drop_sender, name), must=True)
        self._host.left(self)


def _are_same(given: bytes, right: bytes) -> bool:
    """In a time that does not tell how much of it is right."""
    import hmac  # with it comes OpenSSL, of 3 MB

    return hmac.compare_digest(given, right)


def _check_length(name: str, limits: Limits) -> None:
    if len(name) > limits.max_name:
        raise BadParams(
            f"a name has at most {limits.max_name} characters, this one has {len(name)}: {name:.40}…"
        )


def _name(params: Message, key: str, limits: Limits, or_none: bool = False) -> Any:
    value = params.get(key)
    if isinstance(value, str) and 0 < len(value) <= limits.max_name:
        return value
    if or_none and value is None:
        return None
    if isinstance(value, str) and value:
        _check_length(value, limits)
    raise BadParams(f"{key}: expected a name, got {value!r:.100}")
