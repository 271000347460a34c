"""A fleet's own authority: its key, and the certificates that it makes. Source: RFC 5280.

All begin to be valid long before they are made: a Raspberry Pi has no clock of its own, and until it has
asked for the time it believes that it is still the day of its last shutdown, or of its system's image.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.fleet.members import AUTHORITY_KEY, CA, CERT, KEY, Member, Role, host_of

BEGINNING = datetime.datetime(2020, 1, 1)
"""Of every certificate's validity; UTC, as cryptography takes it."""
AUTHORITY_YEARS = 30
"""Of the authority's own: longer than a fleet is there without anybody renewing it."""
MEMBER_DAYS = 2 * 365
"""Of a member's: `fleet renew` makes another before it ends."""
PRIVATE = 0o600


class AuthorityError(Exception):
    """There is no authority here, or it cannot be used; the text says what to do."""


class Authority:
    """`folder`: with `ca.pem` and `ca.key`."""

    def __init__(self, folder: Path) -> None:
        """Raises AuthorityError, OSError."""
        key_file = folder / AUTHORITY_KEY
        try:
            self._certificate = x509.load_pem_x509_certificate((folder / CA).read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        except FileNotFoundError as error:
            raise AuthorityError(
                f"{error.filename} is not here: enrol where the fleet's authority was made, which is the one "
                f"folder with a {AUTHORITY_KEY}"
            ) from None
        except (ValueError, TypeError) as error:
            raise AuthorityError(f"{folder}: {CA} and {AUTHORITY_KEY} cannot be used ({error})") from None
        if (
            not isinstance(key, ec.EllipticCurvePrivateKey)
            or key.public_key() != self._certificate.public_key()
        ):
            raise AuthorityError(f"{key_file} is not the key of {folder / CA}")
        self._key = key

    @classmethod
    def make(cls, folder: Path, now: datetime.datetime) -> Authority:
        """In a folder that has none. Raises OSError."""
        key = _new_key()
        name = _named(f"sig-gateway fleet {secrets.token_hex(4)}")
        until = now.replace(tzinfo=None) + datetime.timedelta(days=365 * AUTHORITY_YEARS)
        builder = _begun(name, name, key, until)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(of_authority=True), critical=True)
        write_private(folder / AUTHORITY_KEY, _pem(key))
        (folder / CA).write_bytes(_signed(builder, key))
        return cls(folder)

    def issue(self, member: Member, folder: Path) -> None:
        """A new key and its certificate, in `folder`, beside the authority's own. Raises OSError."""
        key = _new_key()
        until = datetime.datetime.combine(member.expires, datetime.time(23, 59, 59))
        builder = _begun(_named(member.common_name, member.site), self._certificate.subject, key, until)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(of_authority=False), critical=True)
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if member.role is Role.ROUTER:
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)  # only a router's is believed by who connects
            hosts = x509.SubjectAlternativeName(_alternatives(member.hosts))
            builder = builder.add_extension(hosts, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        write_private(folder / KEY, _pem(key))
        (folder / CERT).write_bytes(_signed(builder, self._key))
        (folder / CA).write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))


"""RFC 1123, and the underscore that some have."""


def write_private(path: Path, data: bytes) -> None:
    """For its owner alone, from the first byte on. Raises OSError."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(data)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _named(common_name: str, site: str = "") -> x509.Name:
    """A collector's has its site, for who reads it: routers go by the common name alone."""
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if site:
        names.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, site))
    return x509.Name(names)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime.datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(BEGINNING).not_valid_after(until)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(own, critical=False)


def _usage(*, of_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not of_authority,
        key_cert_sign=of_authority,
        crl_sign=of_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(hosts: Sequence[str]) -> list[x509.GeneralName]:
    return [_alternative(host_of(each)) for each in hosts]


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
