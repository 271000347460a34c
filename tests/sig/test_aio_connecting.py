"""`sig.aio.connect`: a connection for the length of a block, that never blocks the loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import sig
from sig import aio
from sig.aio import connecting as aio_connecting
from sig.aio.address import parse_address
from sig.aio.carrier import AioCarrier
from sig.carrier.tcpserver import CarrierTCPServer
from tests.sig.aiokit import Proxy, connect_to, no_thread, run, take, temp_of, url_of
from tests.sig.netkit import Net, eventually, signal_of, stop, threads_called
from tests.support.waiting import until


@pytest.fixture(params=["tcp", "tcp6", "tls", "unix"])
def reachable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Net]:
    """Servers that have an address."""
    kit = Net(request.param, tmp_path)
    yield kit
    kit.close()


@pytest.fixture(autouse=True)
def no_thread_of_ours_survives() -> Iterator[None]:
    """At the end of each block, not only at the end of the test, as a server has some, too."""
    yield
    eventually(lambda: not threads_called("sig-client") and not threads_called("sig-aio"))


def test_a_router_for_the_length_of_a_block(reachable: Net) -> None:
    """On every carrier; it is a plain ClientRouter, whose own methods work, too."""
    server = reachable.server()
    temp_of(server)

    async def main() -> None:
        async with connect_to(reachable) as router:
            assert type(router) is sig.ClientRouter
            assert await aio.request(router, "temp", "read", remote=True) == 23.5
            assert router.remoteRequest("temp", "read") == 23.5
            carrier: Any = router.carrier
        assert not carrier.isConnected()
        with pytest.raises(sig.NotConnected):
            await aio.request(router, "temp", "read", remote=True)
        assert not threads_called("sig-client")

    run(main())


def test_several_at_once(tcp: Net) -> None:
    """In one loop, and in loops of several threads."""
    tcp.server()
    serving: Any = tcp.carriers[0]
    together = threading.Barrier(3)

    async def one(arrived: asyncio.Barrier) -> None:
        async with connect_to(tcp) as router:
            await arrived.wait()
            assert len(await asyncio.to_thread(router.listRemoteSenders)) == 0

    async def main() -> None:
        arrived = asyncio.Barrier(10)
        await asyncio.gather(*(one(arrived) for _ in range(10)))

    def loop() -> None:
        together.wait()
        run(main())

    others = [threading.Thread(target=loop) for _ in range(2)]
    for other in others:
        other.start()
    loop()
    for other in others:
        other.join()
    eventually(lambda: serving.connections == 0)


def test_nothing_blocks_the_loop(tcp: Net) -> None:
    """Connecting, greeting, a reconnect, and a leave that has much to send, all by way of the loop itself."""
    # However slow the machine is: the proxy shares the loop, and every bound counts its turns, too.
    tcp.limits = sig.Limits(drain_s=60, full_wait_s=60, handshake_s=60, timeout_s=60, join_s=60)
    server = tcp.server()
    got: list[int] = []
    server.addListener(lambda _info, data: got.append(data), "mine", "new")

    async def main() -> None:
        async with Proxy(tcp) as proxy:
            async with (
                aio.connect(proxy.url, limits=tcp.limits) as router,
                aio.events(router, remote=True) as heard,
            ):
                signal = signal_of(temp_of(server), "hot")
                assert (await anext(heard))[0]["event"] == sig.EVENT_CONNECT
                signal.trigger(1)
                assert await take(heard, 1) == [1]
                mine = await aio.addSender(router, "mine", ["new"], remote=True)
                assert (await anext(heard))[0]["event"] == sig.EVENT_CONNECT
                back = asyncio.Event()
                loop = asyncio.get_running_loop()
                router.carrier.on_connected = lambda: loop.call_soon_threadsafe(back.set)
                proxy.drop()
                await back.wait()
                assert proxy.came == 2
                for n in range(2 * tcp.limits.window):  # half of them wait to be sent
                    signal_of(mine, "new").trigger(n)
            assert router.dropped_signals == 0

    run(main())
    eventually(lambda: len(got) == 2 * tcp.limits.window)  # the server is at them still
    assert got == list(range(2 * tcp.limits.window))


def test_what_cannot_be_connected_to(tcp: Net, tmp_path: Path) -> None:
    """OSError, with the reason as text, and the first error as its cause."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    tcp.server()

    async def main() -> None:
        for url, cause, text in (
            (
                f"tcp://127.0.0.1:{port}",
                ConnectionRefusedError,
                f"connect to tcp://127.0.0.1:{port}: .*refused",
            ),
            (f"unix:{tmp_path}/none", FileNotFoundError, "connect to unix:.*/none: .*No such file"),
            ("tcp://no.such.name.invalid:1", socket.gaierror, "no.such.name.invalid:1: "),
            (f"tls://localhost:{tcp.port}", sig.NotConnected, f"tls://localhost:{tcp.port}: .*TLS"),
        ):
            with pytest.raises(ConnectionError, match=text) as raised:
                await aio.connect(url).__aenter__()
            assert isinstance(raised.value.__cause__, cause)

    run(main())


def test_a_server_that_does_not_let_one_in(tcp: Net) -> None:
    """Unauthorized for a wrong token or none; Busy where there is no room."""
    tcp.limits = sig.Limits(max_clients=1)
    server = tcp.server(token="a long secret")
    temp_of(server)

    async def main() -> None:
        for wrong in (None, "another"):
            with pytest.raises(sig.Unauthorized, match="token"):
                await connect_to(tcp, token=wrong).__aenter__()
        async with connect_to(tcp, token="a long secret") as router:
            assert await aio.request(router, "temp", "read", remote=True) == 23.5
            with pytest.raises(sig.Busy, match="as many clients as may be"):
                await connect_to(tcp, token="a long secret").__aenter__()

    run(main())


def test_it_is_for_one_block(tcp: Net) -> None:
    """A second one is told so."""
    tcp.server()

    async def main() -> None:
        connection = connect_to(tcp)
        async with connection:
            with pytest.raises(RuntimeError, match="for each"):
                await connection.__aenter__()

    run(main())


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel it, and see that it is."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


def deaf_server(net: Net) -> socket.socket:
    """One that accepts, and is not heard of any more. Nothing that waits for it ends by itself."""
    net.limits = sig.Limits(handshake_s=600, timeout_s=600, join_s=600)
    if net.kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(net.host.removeprefix("unix:"))
        sock.listen()
        return sock
    net.host = "::1" if net.kind == "tcp6" else "127.0.0.1"
    sock = socket.create_server(
        (net.host, 0), family=socket.AF_INET6 if net.kind == "tcp6" else socket.AF_INET
    )
    net.port = sock.getsockname()[1]
    return sock


def test_a_cancel_while_the_server_says_nothing(reachable: Net) -> None:
    """At once, though the greeting or the handshake might take for ever; the server sees the end."""

    async def main() -> None:
        task = asyncio.create_task(connect_to(reachable).__aenter__())
        peer, _ = await asyncio.to_thread(deaf.accept)
        with peer:
            assert await asyncio.to_thread(peer.recv, 1)
            await cancelled(task)
            while peer.recv(4096):
                pass

    with deaf_server(reachable) as deaf:
        run(main())


def test_a_cancel_while_the_network_says_nothing(tcp: Net) -> None:
    """The connect itself is ended."""
    with ExitStack() as sockets:
        full, *fillers = [sockets.enter_context(socket.socket()) for _ in range(5)]
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        tcp.host, tcp.port = address
        tcp.limits = sig.Limits(handshake_s=600)

        async def main() -> None:
            connection = connect_to(tcp)
            task = asyncio.create_task(connection.__aenter__())
            await asyncio.to_thread(until, lambda: connection._carrier._end_attempt is not None)
            await cancelled(task)

        run(main())


def test_a_cancel_while_a_name_is_looked_up(tcp: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for; what it finds is not connected to."""
    tcp.server()
    serving: Any = tcp.carriers[0]
    looked_up, found = threading.Event(), threading.Event()
    ask = socket.getaddrinfo

    def slow(*args: Any, **kwargs: Any) -> Any:
        looked_up.set()
        found.wait(60)
        return ask(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(aio_connecting, "GIVE_UP_S", 0.01)

    async def main() -> None:
        task = asyncio.create_task(connect_to(tcp).__aenter__())
        while not looked_up.is_set():
            await asyncio.sleep(0.001)
        await cancelled(task)
        assert threads_called("sig-aio")

    run(main())
    found.set()
    eventually(lambda: not threads_called("sig-aio"))
    assert serving.connections == 0


def test_a_cancel_just_before_it_is_made(tcp: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is greeted already: the thread that has made it ends it."""
    tcp.server()
    serving: Any = tcp.carriers[0]
    greeted, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(aio_connecting, "GIVE_UP_S", 0.01)

    def hold() -> None:
        greeted.set()
        go_on.wait(60)

    async def main() -> None:
        connection = connect_to(tcp)
        connection._carrier.on_connected = hold
        task = asyncio.create_task(connection.__aenter__())
        while not greeted.is_set():
            await asyncio.sleep(0.001)
        await cancelled(task)

    run(main())
    eventually(lambda: serving.connections == 0)
    go_on.set()
    eventually(lambda: not threads_called("sig-client"))


def test_a_cancel_just_after_it_is_made(tcp: Net) -> None:
    """Before the loop has heard of it."""
    tcp.server()
    serving: Any = tcp.carriers[0]

    async def main() -> None:
        task = asyncio.create_task(connect_to(tcp).__aenter__())
        await asyncio.sleep(0)
        until(lambda: threads_called("sig-client") and not threads_called("sig-aio"))
        assert serving.connections == 1
        await cancelled(task)
        assert not threads_called("sig-client")

    run(main())
    eventually(lambda: serving.connections == 0)


def test_a_cancel_while_it_leaves(tcp: Net) -> None:
    """What is not sent by then is counted."""
    tcp.limits = sig.Limits(drain_s=600, full_wait_s=600)
    tcp.server()

    async def main() -> None:
        left = asyncio.Event()
        routers: list[sig.ClientRouter] = []

        async def leave() -> None:
            async with aio.connect(proxy.url, limits=tcp.limits) as router:
                routers.append(router)
                sender = await aio.addSender(router, "mine", ["new"], remote=True)
                proxy.flows.clear()
                for n in range(2 * tcp.limits.window):
                    signal_of(sender, "new").trigger(n)
                left.set()

        async with Proxy(tcp) as proxy:
            task = asyncio.create_task(leave())
            await left.wait()
            await asyncio.sleep(0)
            assert not task.done()
            await cancelled(task)
            assert routers[0].dropped_signals == tcp.limits.window
            assert not threads_called("sig-client")

    run(main())


def test_a_cancel_while_handlers_end(tcp: Net) -> None:
    """The connection ends all the same, at once."""
    tcp.limits = sig.Limits(drain_s=600, full_wait_s=600)
    server = tcp.server()

    async def main() -> None:
        go_on, entered, cancelling = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def stubborn(_params: Any) -> None:
            entered.set()
            while not go_on.is_set():
                try:
                    await go_on.wait()
                except asyncio.CancelledError:
                    cancelling.set()

        async def leave() -> None:
            async with aio.connect(proxy.url, limits=tcp.limits) as router:
                sender = await aio.addSender(router, "mine", ["new"], {"slow": stubborn}, remote=True)
                asking.append(asyncio.create_task(aio.request(server, "mine", "slow")))
                await entered.wait()
                proxy.flows.clear()
                for n in range(2 * tcp.limits.window):
                    signal_of(sender, "new").trigger(n)

        asking: list[asyncio.Task[Any]] = []
        async with Proxy(tcp) as proxy:
            task = asyncio.create_task(leave())
            await cancelling.wait()
            await cancelled(task)
            go_on.set()
            assert not threads_called("sig-client-keeper")
            proxy.drop()
            with pytest.raises(sig.NotConnected):
                await asking[0]

    run(main())


def test_it_leaves_while_it_connects_again(tcp: Net) -> None:
    """To a server that is gone, or that never answers."""
    server = tcp.server()
    tcp.limits = sig.Limits(handshake_s=600, timeout_s=600, join_s=600)

    async def main() -> None:
        for deaf in (False, True):
            async with connect_to(tcp) as router:
                lost = threading.Event()
                router.carrier.on_disconnected = lost.set
                stop(server)
                assert await asyncio.to_thread(lost.wait, 60)
                if deaf:
                    with socket.create_server(("127.0.0.1", tcp.port)) as silent:
                        peer, _ = await asyncio.to_thread(silent.accept)
            if not deaf:
                serving: Any = tcp.carriers[0]
                assert serving.start(tcp.host, tcp.port)
            else:
                peer.close()

    tcp.host = "127.0.0.1"
    carrier: Any = server.carrier
    carrier.stop()
    assert carrier.start(tcp.host, tcp.port)
    run(main())


def test_a_machine_without_threads(tcp: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting fails; leaving does not."""
    tcp.server()
    serving: Any = tcp.carriers[0]

    async def main() -> None:
        async with connect_to(tcp) as router:
            monkeypatch.setattr(threading.Thread, "start", no_thread)
        carrier: Any = router.carrier
        assert not carrier.isConnected()
        with pytest.raises(RuntimeError, match="new thread"):
            await connect_to(tcp).__aenter__()

    run(main())
    eventually(lambda: serving.connections == 0)


def test_a_cancel_on_a_machine_without_threads(tcp: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays a cancel, and what has been made is ended."""
    tcp.server()
    serving: Any = tcp.carriers[0]

    async def main() -> None:
        task = asyncio.create_task(connect_to(tcp).__aenter__())
        await asyncio.sleep(0)
        eventually(lambda: not threads_called("sig-aio"))  # it is made, and the loop has not heard of it
        monkeypatch.setattr(threading.Thread, "start", no_thread)
        await cancelled(task)
        assert not threads_called("sig-client")

    run(main())
    eventually(lambda: serving.connections == 0)


def test_the_certificates_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With `tls://` and no context of one's own; with one, `tcp://` is TLS, too; the name may be another."""
    net = Net("tls", tmp_path)
    temp_of(net.server())
    assert net.authority is not None
    trusted = tmp_path / "trusted.pem"
    net.authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    async def main() -> None:
        async with aio.connect(url_of(net)) as router:
            assert await aio.request(router, "temp", "read", remote=True) == 23.5
        own = ssl.create_default_context()
        async with aio.connect(f"tcp://localhost:{net.port}", ssl_context=own) as router:
            assert await aio.request(router, "temp", "read", remote=True) == 23.5
        with pytest.raises(ConnectionError, match="not valid for"):
            await aio.connect(f"tls://127.0.0.1:{net.port}").__aenter__()
        async with aio.connect(f"tls://127.0.0.1:{net.port}", server_hostname="localhost") as router:
            assert await aio.request(router, "temp", "read", remote=True) == 23.5

    run(main())
    net.close()


def test_a_name_with_several_addresses(tcp: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is tried; the last failure counts."""
    server = tcp.server()
    temp_of(server)
    port = tcp.port

    def known(host: str, _port: int, **_kinds: Any) -> Any:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        ports = {"both": [1, port], "neither": [1, 1], "nowhere": []}[host]
        return [(*kind, ("127.0.0.1", each)) for each in ports]

    async def main() -> None:
        monkeypatch.setattr(socket, "getaddrinfo", known)
        async with aio.connect("tcp://both:1") as router:
            assert await aio.request(router, "temp", "read", remote=True) == 23.5
        with pytest.raises(ConnectionError, match="refused"):
            await aio.connect("tcp://neither:1").__aenter__()
        with pytest.raises(ConnectionError, match="nowhere has no address"):
            await aio.connect("tcp://nowhere:1").__aenter__()

    run(main())


def test_a_carrier_that_has_given_up_opens_nothing() -> None:
    """Whoever asks."""
    carrier = AioCarrier(parse_address("tcp://127.0.0.1:1"))
    sig.ClientRouter(carrier)
    assert not carrier.give_up()
    with CarrierTCPServer() as server:
        sig.ServerRouter(server)
        server.start("127.0.0.1", 0)
        assert not carrier.connect(*server.address)
    assert carrier.last_error == "this side has given up"
