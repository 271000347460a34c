"""A peer that behaves on the wire exactly as pysig 0.7.3 does, by that one's own code (its sdist on PyPI).

It writes bare JSON objects, expects each recv(4096) to hold exactly one, drops two that arrive in one recv,
closes on what it cannot parse, numbers its calls from 1, waits for the reply of each call by looking every
10 ms, and runs its handlers on the thread that receives.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

POLL_S = 0.01
REPLY_TIMEOUT_S = 60.0
Handler = Callable[[dict[str, Any]], Any]


class PysigPeer:
    """One end of a connection, either role."""

    def __init__(self, sock: socket.socket, methods: dict[str, Handler]) -> None:
        self.sock = sock
        self.methods = methods
        self.dropped: list[bytes] = []
        self.unparsable: list[bytes] = []
        self.concurrent_calls = 0
        self.pieces: list[int] | None = None
        self._in_call = False
        self._next_id = 1
        self._replies: dict[int, dict[str, Any]] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="pysig-receive")
        self._thread.start()

    def send(self, *objects: dict[str, Any]) -> None:
        """Send objects, in one segment unless `pieces` says where to cut."""
        data = b"".join(json.dumps(each).encode() for each in objects)
        if self.pieces is None:
            self.sock.sendall(data)
            return
        for at in range(0, len(data), self.pieces[0]):
            self.sock.sendall(data[at : at + self.pieces[0]])
            self._closed.wait(0.0005)

    def new_call(self, method: str, /, **params: Any) -> dict[str, Any]:
        """A call's object, with the next id."""
        call = {"id": self._next_id, "method": method, "params": params}
        self._next_id += 1
        return call

    def call(self, method: str, /, **params: Any) -> Any:
        """Call, and wait for the reply as pysig does."""
        call = self.new_call(method, **params)
        self.send(call)
        return self.reply_to(call)

    def reply_to(self, call: dict[str, Any]) -> Any:
        """The response to a call that was sent; raises LookupError with the exception's text."""
        deadline = time.monotonic() + REPLY_TIMEOUT_S
        while call["id"] not in self._replies:
            if time.monotonic() > deadline or self._closed.wait(POLL_S):
                raise TimeoutError(f"no reply to {call}")
        reply = self._replies.pop(call["id"])
        if reply["status"] != 0:
            raise LookupError(reply["status"], reply.get("exception"))
        return reply["response"]

    def close(self) -> None:
        """End it; wait for the thread."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._thread:
            self._thread.join(5)
            self.sock.close()

    def _receive(self) -> None:
        while True:
            try:
                data = self.sock.recv(4096)
            except OSError:
                data = b""
            if not data:
                self._closed.set()
                return
            try:
                message = json.loads(data)
            except ValueError as err:
                if "Extra data" in str(err):
                    self.dropped.append(data)
                    continue
                self.unparsable.append(data)
                self._closed.set()
                self.sock.shutdown(socket.SHUT_RDWR)
                return
            if "status" in message:
                self._replies[message["id"]] = message
                continue
            # the other side may go away while the handler runs
            with contextlib.suppress(OSError):
                self._handle(message)

    def _handle(self, call: dict[str, Any]) -> None:
        handler = self.methods.get(call.get("method", ""))
        if handler is None:
            answer: dict[str, Any] = {"status": -1}
        else:
            try:
                answer = {"status": 0, "response": handler(call["params"])}
            except Exception as err:  # noqa: BLE001 - as it does
                answer = {"status": -2, "exception": str(err)}
        self.send({"id": call["id"], **answer})


def connect(port: int, methods: dict[str, Handler] | None = None) -> PysigPeer:
    """A pysig client."""
    return PysigPeer(socket.create_connection(("127.0.0.1", port)), methods or {})


class PysigServer:
    """A pysig server, as far as one client needs it."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.peers: list[PysigPeer] = []
        self.calls: list[str] = []
        self.senders: dict[str, dict[str, Any]] = {}
        self.listeners: dict[int, tuple[Any, Any]] = {}
        self.signals: list[Any] = []
        self.connected = threading.Semaphore(0)
        self.signalled = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._accept, name="pysig-accept")
        self._thread.start()

    @property
    def peer(self) -> PysigPeer:
        return self.peers[-1]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            names = (
                "get_version", "list_senders", "add_sender", "remove_sender",
                "add_listener", "remove_listener", "signal", "request",
            )  # fmt: skip
            self.peers.append(PysigPeer(sock, {name: self._method(name) for name in names}))
            self.connected.release()

    def _method(self, name: str) -> Handler:
        def handle(params: dict[str, Any]) -> Any:
            self.calls.append(name)
            return getattr(self, "_" + name)(params)

        return handle

    def _get_version(self, _params: dict[str, Any]) -> str:
        return "1.01"  # of whichever release

    def _list_senders(self, params: dict[str, Any]) -> list[Any]:
        # None has the listeners to any sender, and in each sender those to any event
        found = []
        for name, events in [(None, []), *((n, p["events"]) for n, p in self.senders.items())]:
            entry: dict[str, Any] = {"sender": name, "connected": True}
            if params.get("list_events"):
                entry["events"] = [{"event": each} for each in (None, "#connect", "#disconnect", *events)]
            found.append(entry)
        return found

    def _add_sender(self, params: dict[str, Any]) -> None:
        if params.get("sender") is None or params.get("events") is None:
            raise ValueError("Invalid arguments")
        self.senders[params["sender"]] = params

    def _remove_sender(self, params: dict[str, Any]) -> None:
        del self.senders[params["sender"]]

    def _add_listener(self, params: dict[str, Any]) -> dict[str, int]:
        self.listeners[len(self.listeners) + 1] = (params["sender"], params["event"])
        return {"listener_id": len(self.listeners)}

    def _remove_listener(self, params: dict[str, Any]) -> None:
        del self.listeners[params["listener_id"]]

    def _signal(self, params: dict[str, Any]) -> None:
        self.signals.append(params)
        self.signalled.release()

    def _request(self, params: dict[str, Any]) -> Any:
        if params["method"] == "fail":
            raise LookupError("it failed")
        return [params["sender"], params["method"], params["params"]]

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for peer in self.peers:
            peer.close()
