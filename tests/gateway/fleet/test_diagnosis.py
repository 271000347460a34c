"""`gateway.fleet.diagnosis`: what is wrong with our own files, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from gateway.fleet.diagnosis import ENROL, problem_of_own
from gateway.fleet.session import Tls
from tests.support.fleet_enrolled import Enrolled, tls_of


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    """A gateway's, as they are to be."""
    Enrolled(tmp_path).enrol("north/shed")
    return tls_of(tmp_path / "north/shed")


def with_passphrase(key: Path) -> bytes:
    """The same key."""
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return loaded.private_bytes(pem, form, serialization.BestAvailableEncryption(b"secret"))


def test_those_that_go_together(tls: Tls) -> None:
    """Nothing is."""
    assert problem_of_own(tls) == ""


@pytest.mark.parametrize("data", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\n!\n"])
@pytest.mark.parametrize("name", ["ca", "cert"])
def test_no_certificate(tls: Tls, tmp_path: Path, name: str, data: bytes) -> None:
    """The file is named, and what to do."""
    other = tmp_path / "other.pem"
    other.write_bytes(data)
    changed = replace(tls, ca=other) if name == "ca" else replace(tls, cert=other)
    assert problem_of_own(changed) == f"there is no certificate in {other}; {ENROL}"


def test_no_key(tls: Tls) -> None:
    """Or one that a program without a keyboard cannot use."""
    for data in (b"", b"nothing", tls.cert.read_bytes(), with_passphrase(tls.key)):
        kept = tls.key.read_bytes()
        tls.key.write_bytes(data)
        said = problem_of_own(tls)
        assert said == f"there is no private key in {tls.key}, or it has a passphrase; {ENROL}"
        tls.key.write_bytes(kept)


def test_a_key_of_another(tls: Tls, tmp_path: Path) -> None:
    """Both files are named."""
    other = replace(tls, key=tls_of(tmp_path / "hub0").key)
    assert problem_of_own(other) == f"{other.key} is the key of another certificate than {tls.cert}; {ENROL}"


def test_a_file_that_is_not_there(tls: Tls, tmp_path: Path) -> None:
    """Comes first."""
    gone = replace(tls, cert=tmp_path / "gone.pem")
    assert problem_of_own(gone) == f"{gone.cert} cannot be read: No such file or directory"
