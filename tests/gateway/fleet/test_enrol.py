"""`gateway.fleet.enrol` and `authority`: the folder, keys and certificates, as OpenSSL sees them."""

from __future__ import annotations

import datetime
import shutil
import ssl
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.fleet.authority import AuthorityError
from gateway.fleet.enrol import Folder, Wanted
from gateway.fleet.members import Member, MemberError, Role, host_of, read

NOW = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=datetime.UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Not there yet."""
    return Folder(tmp_path / "new" / "fleet")


def enrol(folder: Folder, name: str, *, again: bool = False, **wanted: Any) -> x509.Certificate:
    """The certificate that was made."""
    return certificate(folder.place(folder.enrol(Wanted(name, **wanted), NOW, again=again)))


def certificate(place: Path) -> x509.Certificate:
    """In a member's folder."""
    return x509.load_pem_x509_certificate((place / "cert.pem").read_bytes())


def common_name(made: x509.Certificate) -> object:
    """Of whom it is."""
    (name,) = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return name.value


def _changes(folder: Folder) -> list[Callable[[str], Member]]:
    return [lambda name: folder.renew(name, NOW), folder.revoke]


def test_a_gateway_s_certificate(folder: Folder) -> None:
    """Its name, two years from now and from long ago, for a client; signed by the authority."""
    made = enrol(folder, "north/green.house-2")
    assert common_name(made) == "gateway:north/green.house-2:1"
    assert made.not_valid_before_utc.year == 2020
    assert made.not_valid_after_utc == datetime.datetime(2028, 11, 29, 23, 59, 59, tzinfo=datetime.UTC)
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    authority = x509.load_pem_x509_certificate((folder.path / "ca.pem").read_bytes())
    made.verify_directly_issued_by(authority)
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert (authority.not_valid_after_utc - NOW).days > 25 * 365


def test_a_router_s_certificate(folder: Folder) -> None:
    """Names each of its hosts, without the ports; for a server and a client."""
    made = enrol(folder, "hub", hosts=["hub.example:7000", "10.0.0.1", "[2001:db8::1]:7447", "Hub"])
    hosts = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["hub.example", "hub"]
    assert [str(each) for each in hosts.get_values_for_type(x509.IPAddress)] == ["10.0.0.1", "2001:db8::1"]
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}


def test_the_files_go_together_and_are_private(folder: Folder) -> None:
    """OpenSSL takes them; nobody else may read a key."""
    enrol(folder, "north/a")
    place = folder.path / "north/a"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(place / "ca.pem")
    context.load_cert_chain(place / "cert.pem", place / "key.pem")
    for secret in (folder.path / "ca.key", place / "key.pem"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    for private in (folder.path, place):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert sorted(each.name for each in place.iterdir()) == ["ca.pem", "cert.pem", "key.pem"]


def test_one_authority_for_all(folder: Folder) -> None:
    """The first member makes it, the others find it; each has a key of its own."""
    places = [folder.path / name for name in ("north/a", "north/b")]
    for name in ("north/a", "north/b"):
        enrol(folder, name)
    assert len({(place / "ca.pem").read_bytes() for place in [*places, folder.path]}) == 1
    assert len({(place / "key.pem").read_bytes() for place in places}) == 2


def test_routers_have_the_list(folder: Folder) -> None:
    """Each the newest, whoever was enrolled, renewed or revoked last; a revoked one none."""
    enrol(folder, "hub", hosts=["hub"])
    enrol(folder, "old", hosts=["old"])
    enrol(folder, "north/a")
    for change in _changes(folder):
        change("north/a")
        assert read(folder.path / "hub" / "members.json") == folder.members()
    folder.revoke("old")
    assert list((folder.path / "old").iterdir()) == []
    assert read(folder.path / "hub" / "members.json")["old"].revoked


def test_enrolled_already(folder: Folder) -> None:
    """Refused, with nothing changed; --again makes a new generation, and may change what it may do."""
    enrol(folder, "north/a")
    before = (folder.path / "north/a/key.pem").read_bytes()
    with pytest.raises(MemberError, match=r"enrolled already, as gateway: `fleet renew`.*--again"):
        enrol(folder, "north/a")
    assert (folder.path / "north/a/key.pem").read_bytes() == before
    assert common_name(enrol(folder, "north/a", again=True, reads=True)) == "gateway:north/a:2"
    assert folder.members()["north/a"].reads
    assert (folder.path / "north/a/key.pem").read_bytes() != before


def test_renewed(folder: Folder) -> None:
    """The same name and rights, so that no router need know; a later end, and a new key."""
    enrol(folder, "north/a", reads=True)
    before = (folder.path / "north/a/key.pem").read_bytes()
    member = folder.renew("north/a", NOW + datetime.timedelta(days=700))
    assert member.reads
    made = certificate(folder.path / "north/a")
    assert common_name(made) == "gateway:north/a:1"
    assert made.not_valid_after_utc.date() == member.expires == datetime.date(2030, 10, 30)
    assert (folder.path / "north/a/key.pem").read_bytes() != before


def test_revoked(folder: Folder) -> None:
    """On the list as such, its files gone; and in again as a new generation."""
    enrol(folder, "north/a")
    folder.revoke("north/a")
    assert list((folder.path / "north/a").iterdir()) == []
    for change in _changes(folder):
        with pytest.raises(MemberError, match="was revoked; `fleet enrol` takes it in again"):
            change("north/a")
    assert common_name(enrol(folder, "north/a")) == "gateway:north/a:2"
    assert not folder.members()["north/a"].revoked


def test_nobody(folder: Folder) -> None:
    """Can be neither renewed nor revoked."""
    enrol(folder, "north/a")
    for change in _changes(folder):
        with pytest.raises(MemberError, match="nobody called 'north/b' is enrolled"):
            change("north/b")


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        ("greenhouse", {}, "a gateway is called site/gateway"),
        ("a/b/c", {}, "a gateway is called site/gateway"),
        ("*/a", {}, "each part of a name"),
        ("north/..", {}, "each part of a name"),
        ("north/hub", {"hosts": ["hub"]}, "only a gateway's name has a /"),
        ("desk/a/b", {"reads": True}, "a gateway is called"),
        ("main", {"site": "a/b"}, "only a gateway's name has a /"),
        ("main", {"site": "*"}, "each part of a name"),
        ("north/grün", {}, "'grün': no config takes it as a name: expected letters, digits"),
        ("the north/a", {}, "'the north': no config takes it as a name"),
        ("north/" + "a" * 49, {}, "at most 48"),
        ("main", {"site": "the north"}, "'the north': no config takes it as a name"),
        ("the main one", {"site": "all"}, "'the main one': no config takes it as a name"),
        ("hub", {"hosts": ["*.example"]}, "expected a host"),
        ("hub", {"hosts": [""]}, "expected a host"),
        ("hub", {"hosts": ["hub:x"]}, "expected a host"),
        ("hub", {"hosts": ["hub"], "site": "all"}, "give one of them"),
        ("hub", {"hosts": ["hub"], "reads": True}, "give one of them"),
        ("north/a", {"asks": True}, "--ask goes with --reader"),
        ("members.json/a", {}, "a file is"),
        ("ca.key", {"reads": True}, "a file is"),
    ],
)
def test_refused(folder: Folder, name: str, wanted: dict[str, Any], said: str) -> None:
    """With what was expected; nobody is on the list."""
    with pytest.raises(MemberError, match=said):
        enrol(folder, name, **wanted)
    assert folder.members() == {}


def test_others_are_in_no_config(folder: Folder) -> None:
    """A reader or a router may be called anything that is one word."""
    assert common_name(enrol(folder, "grün 2", reads=True)) == "reader:gr%C3%BCn%202:1"
    assert common_name(enrol(folder, "hub 2", hosts=["hub"])) == "router:hub%202:1"


@pytest.mark.parametrize(("first", "then"), [("north/a", "north"), ("north", "north/a")])
def test_no_folder_in_another_s(folder: Folder, first: str, then: str) -> None:
    """A router cannot be called as a site is."""
    kinds = {"north": {"hosts": ["hub"]}, "north/a": {}}
    enrol(folder, first, **kinds[first])  # type: ignore[arg-type]  # of either
    with pytest.raises(MemberError, match="choose another name"):
        enrol(folder, then, **kinds[then])  # type: ignore[arg-type]


def test_a_folder_with_something_else(folder: Folder) -> None:
    """Is left alone."""
    place = folder.path / "north" / "a"
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("mine")
    with pytest.raises(MemberError, match=r"something else in it: notes\.txt"):
        enrol(folder, "north/a")


def test_without_the_authority_s_key(folder: Folder) -> None:
    """As on a router: it says where to enrol, and makes no second authority."""
    enrol(folder, "north/a")
    (folder.path / "ca.key").unlink()
    with pytest.raises(AuthorityError, match=r"ca\.key is not here: enrol where"):
        enrol(folder, "north/b")
    (folder.path / "ca.pem").unlink()
    with pytest.raises(AuthorityError, match="is not here"):
        enrol(folder, "north/b")
    assert "north/b" not in folder.members()


def test_another_authority_s_key(folder: Folder, tmp_path: Path) -> None:
    """Would make certificates that nobody believes."""
    other = Folder(tmp_path / "other")
    enrol(folder, "north/a")
    enrol(other, "north/a")
    (folder.path / "ca.key").write_bytes((other.path / "ca.key").read_bytes())
    with pytest.raises(AuthorityError, match="is not the key of"):
        enrol(folder, "north/b")
    (folder.path / "ca.key").write_text("key")
    with pytest.raises(AuthorityError, match="cannot be used"):
        enrol(folder, "north/b")


def test_several_at_once(folder: Folder) -> None:
    """None is forgotten."""
    names = [f"north/g{number}" for number in range(8)]
    threads = [threading.Thread(target=enrol, args=(folder, name), name=name) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(folder.members()) == names
    assert {each.role for each in folder.members().values()} == {Role.GATEWAY}


@pytest.mark.parametrize(
    ("text", "host"),
    [("hub", "hub"), ("HUB.local:1", "hub.local"), ("::1", None), ("[::1]", "::1"), ("a b", None)],
)
def test_a_host(text: str, host: str | None) -> None:
    """With or without a port; an IPv6 address in brackets."""
    if host is not None:
        assert host_of(text) == host
        return
    with pytest.raises(ValueError, match="expected a host"):
        host_of(text)


def test_a_router_s_folder_that_was_moved(folder: Folder) -> None:
    """It is there again with the list, which is what its router needs; nothing fails after it took effect."""
    folder.enrol(Wanted("hub", hosts=("hub.example",)), NOW, again=False)
    place = folder.place(folder.members()["hub"])
    shutil.rmtree(place)
    folder.enrol(Wanted("north/a"), NOW, again=False)
    assert set(read(place / "members.json")) == {"hub", "north/a"}
