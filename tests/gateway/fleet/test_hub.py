"""`gateway.fleet.hub`: what a router is started with, and when it is refused."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from gateway.fleet.access import access_of
from gateway.fleet.enrol import Folder, Wanted
from gateway.fleet.hub import Asked, HubError, ending, members_of, settings_of
from gateway.fleet.members import Member, Role

NOW = datetime.datetime(2026, 11, 30, 23, 0, tzinfo=datetime.UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A router's folder; a gateway is enrolled as well."""
    folder = Folder(tmp_path)
    folder.enrol(Wanted("hub", hosts=["hub.example"]), NOW, again=False)
    folder.enrol(Wanted("north/a"), NOW, again=False)
    return tmp_path / "hub"


def test_with_certificates(place: Path) -> None:
    """Its own, and rights of all that are on the list."""
    settings = settings_of(Asked(["tls://0.0.0.0"], ["tls://hub2.example:7000"], place))
    assert settings.listen == ["tls/0.0.0.0:7447"]
    assert settings.routers == ["tls/hub2.example:7000"]
    assert settings.tls is not None
    assert settings.tls.key == place / "key.pem"
    assert settings.access == access_of(members_of(place).values())


def test_without_certificates_on_this_machine() -> None:
    """For trying: with no rights to look at."""
    settings = settings_of(Asked(["tcp://127.0.0.1"], ["tcp://localhost:7000"]))
    assert (settings.tls, settings.access) == (None, None)


@pytest.mark.parametrize(
    ("listen", "connect", "said"),
    [
        (["tcp://0.0.0.0"], [], "without TLS anybody could publish"),
        (["tcp://127.0.0.1"], ["tcp://hub.example"], "without TLS anybody could publish"),
        (["tcp://127.0.0.1", "tls://0.0.0.0"], [], "tcp:// and tls:// in one router"),
        (["tls://0.0.0.0"], ["tcp://127.0.0.1"], "tcp:// and tls:// in one router"),
        (["tls://0.0.0.0"], [], "give --dir.*fleet enrol NAME --router HOST"),
        (["http://hub"], [], "expected tls://host"),
    ],
)
def test_refused(listen: list[str], connect: list[str], said: str) -> None:
    """With what to do."""
    with pytest.raises(HubError, match=said):
        settings_of(Asked(listen, connect))


@pytest.mark.parametrize("missing", ["ca.pem", "cert.pem", "key.pem", "members.json"])
def test_a_folder_that_is_not_whole(place: Path, missing: str) -> None:
    """Names what is not there."""
    (place / missing).unlink()
    with pytest.raises(HubError, match=f"there is no {missing}: make it where"):
        settings_of(Asked(["tls://0.0.0.0"], folder=place))


def test_a_list_without_a_router(place: Path) -> None:
    """Of another folder, or all revoked: the routers would not hear each other."""
    Folder(place.parent).revoke("hub")
    (place.parent / "members.json").rename(place / "members.json")
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (place / name).touch()
    with pytest.raises(HubError, match="no router is in it"):
        settings_of(Asked(["tls://0.0.0.0"], folder=place))


def test_a_list_that_cannot_be_read(place: Path) -> None:
    """Neither can rights be made of it."""
    (place / "members.json").write_text("{")
    with pytest.raises(HubError, match="expected the list that"):
        settings_of(Asked(["tls://0.0.0.0"], folder=place))
    (place / "members.json").unlink()
    (place / "members.json").mkdir()
    with pytest.raises(HubError, match="cannot be read: Is a directory"):
        settings_of(Asked(["tls://0.0.0.0"], folder=place))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (61, None),
        (60, "north/a: its certificate ends in 60 days, on 2027-01-29: sig-gateway fleet renew north/a"),
        (0, "north/a: its certificate ends in 0 days, on 2026-11-30: sig-gateway fleet renew north/a"),
        (-1, "north/a: its certificate has ended on 2026-11-29: sig-gateway fleet renew north/a"),
    ],
)
def test_a_certificate_that_ends_soon(days: int, said: str | None) -> None:
    """Is told; not one that was revoked."""
    until = NOW.date() + datetime.timedelta(days)
    assert ending([Member("north/a", Role.GATEWAY, until)], NOW) == ([] if said is None else [said])
    assert ending([Member("north/a", Role.GATEWAY, until, revoked=True)], NOW) == []
