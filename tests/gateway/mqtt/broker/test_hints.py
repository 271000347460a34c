"""The words about a connection that cannot be had, from the errors of real handshakes, in memory."""

import datetime
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from gateway.mqtt.broker.hints import of_hanging_up, of_opening, of_refusal
from gateway.mqtt.broker.target import Target

PLAIN, TLS = Target("h", 1883, "id"), Target("h", 8883, "id", tls=True)
WEB, WEB_TLS = (
    Target("h", 80, "id", transport="websockets"),
    Target("h", 443, "id", transport="websockets", tls=True),
)
UTC = 1_795_329_000.0
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "broker.lan") -> Exception:
    """What the client's side of a handshake in memory fails with."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    failed: Exception | None = None
    for _ in range(5):
        try:
            ours.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            return error
        try:
            theirs.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            failed = error  # and it has said so
    raise AssertionError(f"the handshake did not fail for the client: {failed}")


def server_with(
    ca: trustme.CA,
    *names: str,
    not_before: datetime.datetime | None = None,
    not_after: datetime.datetime | None = None,
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, not_before=not_before, not_after=not_after).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def client(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


def test_a_certificate_for_another_name(ca: trustme.CA, client: ssl.SSLContext) -> None:
    """The name is to be mended, and not the authority."""
    for name, names in (
        ("broker.lan", ["other.lan"]),
        ("127.0.0.1", ["other.lan"]),
        ("127.0.0.1", ["127.0.0.2"]),
    ):
        said = of_opening(handshake(client, server_with(ca, *names), name), TLS, UTC)
        assert said.startswith("its certificate is not trusted: ")
        assert f"certificate is not valid for '{name}'; write a name into mqtt.url that is in the" in said
        assert "mqtt.tls.ca" not in said


def test_a_certificate_of_another_time(ca: trustme.CA, client: ssl.SSLContext) -> None:
    """This machine's clock may be to blame, and is told; else the broker is."""
    early = server_with(ca, "broker.lan", not_before=NOW + DAY, not_after=NOW + 2 * DAY)
    assert of_opening(handshake(client, early), TLS, UTC) == (
        "its certificate is not trusted: certificate is not yet valid; "
        "this machine's clock says 2026-11-22: is it set?"
    )
    late = server_with(ca, "broker.lan", not_before=NOW - 2 * DAY, not_after=NOW - DAY)
    assert of_opening(handshake(client, late), TLS, UTC) == (
        "its certificate is not trusted: certificate has expired; if it is 2026-11-22 now, as this "
        "machine's clock says, the broker needs a new one"
    )


def test_an_unknown_authority(ca: trustme.CA) -> None:
    """The only case for mqtt.tls.ca."""
    said = of_opening(handshake(ssl.create_default_context(), server_with(ca, "broker.lan")), TLS, UTC)
    assert said.startswith("its certificate is not trusted: ")
    assert said.endswith("; see mqtt.tls.ca")


def test_a_broker_that_wants_our_certificate(ca: trustme.CA, client: ssl.SSLContext) -> None:
    """As TLS 1.2 says it; in TLS 1.3 it only hangs up."""
    server = server_with(ca, "broker.lan")
    server.verify_mode = ssl.CERT_REQUIRED
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    said = of_opening(handshake(client, server), TLS, UTC)
    assert said.endswith("; does it want a certificate of ours, or another one? See mqtt.tls.cert")
    assert of_hanging_up(TLS) == "; if it wants a certificate of ours, see mqtt.tls.cert"
    with_one = Target("h", 8883, "id", tls=True, cert=Path("c.pem"))
    assert of_hanging_up(with_one) == ""


def test_a_port_without_tls(client: ssl.SSLContext) -> None:
    """It answers something else, hangs up, or resets the connection."""

    def answered(data: bytes) -> Exception:
        incoming = ssl.MemoryBIO()
        tls = client.wrap_bio(incoming, ssl.MemoryBIO(), server_hostname="h")
        incoming.write(data)
        incoming.write_eof()
        with pytest.raises(ssl.SSLError) as caught:
            tls.do_handshake()
        return caught.value

    asked = "; is it a port without TLS? Then write mqtt: in mqtt.url"
    errors = [
        answered(b"\x20\x02\x00\x01"),
        answered(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        answered(b""),
        ConnectionResetError(104, "Connection reset by peer"),
        BrokenPipeError(32, "Broken pipe"),
        TimeoutError("_ssl.c:989: The handshake operation timed out"),
    ]
    for error in errors:
        assert of_opening(error, TLS, UTC).endswith(asked), error
    assert of_opening(errors[-3], WEB_TLS, UTC) == (
        "Connection reset by peer; is it a port without TLS? Then write ws: in mqtt.url"
    )
    assert of_opening(errors[-3], PLAIN, UTC) == "Connection reset by peer"


def test_a_port_with_tls() -> None:
    """It takes our greeting for garbage and hangs up."""
    assert of_hanging_up(PLAIN) == "; is it a port with TLS? Then write mqtts: in mqtt.url"
    assert of_hanging_up(WEB) == "; is it a port with TLS? Then write wss: in mqtt.url"


def test_other_errors(client: ssl.SSLContext, ca: trustme.CA) -> None:
    """In the system's words; what is no error of a network is named."""
    assert of_opening(ConnectionRefusedError(111, "Connection refused"), TLS, UTC) == "Connection refused"
    assert of_opening(TimeoutError("timed out"), TLS, UTC) == "timed out"
    assert of_opening(OSError(), PLAIN, UTC) == "OSError"
    assert of_opening(ValueError("no host"), PLAIN, UTC) == "no host"
    assert of_opening(KeyError("x"), TLS, UTC) == "KeyError: 'x'"
    unknown = socket.gaierror(-2, "Name or service not known")
    assert of_opening(unknown, TLS, UTC) == "Name or service not known; is the name in mqtt.url right?"
    old = server_with(ca, "broker.lan")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    assert "mqtt.url" not in of_opening(handshake(client, old), TLS, UTC)


def test_refusals() -> None:
    """What to look at; nothing where the reason says it."""
    assert of_refusal(0x86) == "; see mqtt.user and mqtt.password"
    assert of_refusal(0x85) == "; choose another mqtt.client_id"
    assert "allows that user" in of_refusal(0x87)
    assert of_refusal(0x88) == ""
