"""Whose a certificate is, and until when."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.fleet.authority import Authority
from gateway.fleet.certificate import FOOTER, HEADER, Certificate, certificate_of
from gateway.fleet.members import Member, Role

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "expires", [NOW, datetime(2049, 12, 31, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)]
)
def test_as_the_authority_makes_them(tmp_path: Path, expires: datetime) -> None:
    """To the second, also where X.509 begins to write years in four digits; what stands around it is
    nothing."""
    member = Member("nörd/küche", Role.GATEWAY, expires.date())
    place = tmp_path / "member"
    place.mkdir()
    Authority.make(tmp_path, NOW).issue(member, place)
    text = (place / "cert.pem").read_text()
    end = expires + timedelta(hours=23, minutes=59, seconds=59)
    assert certificate_of(text) == Certificate("gateway:n%C3%B6rd/k%C3%BCche:1", end)
    assert certificate_of(f"Subject: …\n{text}\n{text}") == certificate_of(text)


@pytest.mark.parametrize("site", ["north", "all"])
def test_a_collectors_site(tmp_path: Path, site: str) -> None:
    """Stands in its certificate, beside its name."""
    place = tmp_path / "member"
    place.mkdir()
    Authority.make(tmp_path, NOW).issue(Member("main", Role.COLLECTOR, NOW.date(), 2, site=site), place)
    found = certificate_of((place / "cert.pem").read_text())
    assert (found.name, found.site) == ("collector:main:2", site)


def test_what_is_none() -> None:
    """Is an error, wherever it ends."""
    for text in ("", "x" * 99, f"{HEADER}\nAAAA\n{FOOTER}", f"{HEADER}\nA\n{FOOTER}"):
        with pytest.raises(ValueError, match="it is no certificate, PEM"):
            certificate_of(text)


def test_every_beginning_of_one(tmp_path: Path) -> None:
    """No cut leads further than to that error."""
    Authority.make(tmp_path, NOW)
    der = ssl.PEM_cert_to_DER_cert((tmp_path / "ca.pem").read_text())
    for length in range(len(der)):
        with pytest.raises(ValueError, match="it is no certificate, PEM"):
            certificate_of(ssl.DER_cert_to_PEM_cert(der[:length]))
