"""`gateway.cli.unlocked`: why a fleet's router lets nobody in."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from gateway.cli.unlocked import why_not
from gateway.fleet.session import FleetError, Settings, Tls, close, open_session
from tests.support.ports import free_port


def _certificate(authority: trustme.CA, folder: Path) -> Tls:
    folder.mkdir()
    made = authority.issue_cert("localhost")
    tls = Tls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(tls.ca)
    made.cert_chain_pems[0].write_to_path(tls.cert)
    made.private_key_pem.write_to_path(tls.key)
    return tls


def test_who_is_let_in_and_why_not(tmp_path: Path) -> None:
    """A certificate of another fleet, one that is none, a router of another fleet; and nobody there."""
    ours, others = trustme.CA(), trustme.CA()
    hub = _certificate(ours, tmp_path / "hub")
    where = [f"tls/localhost:{free_port()}"]
    router = open_session(Settings([], hub, listen=where))
    try:
        member = _certificate(ours, tmp_path / "member")
        close(open_session(Settings(where, member)))
        stranger = _certificate(others, tmp_path / "stranger")
        with pytest.raises(FleetError):
            open_session(Settings(where, stranger))
        said = why_not(Settings(where, stranger))
        assert said is not None
        assert "its certificate is none of our fleet's" in said
        half = Tls(member.ca, stranger.cert, stranger.key)
        assert "it does not know our certificate" in (why_not(Settings(where, half)) or "")
        broken = Tls(member.ca, member.ca, member.key)
        assert "our own certificate cannot be used" in (why_not(Settings(where, broken)) or "")
    finally:
        close(router)
    assert why_not(Settings(where, member)) is None
    assert why_not(Settings(where)) is None
