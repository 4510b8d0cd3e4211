"""Keys and certificates for one control plane, created again at each start and good for a week.

Two authorities, as Kubernetes wants it: one vouches for the API server, one for its users. With a single one the
server's own certificate would be accepted as a user's.
"""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = datetime.timedelta(days=7)
_CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Credential:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """PKCS #8, unencrypted."""
        return private_pem(self.key)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, unencrypted."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def new_authority(name: str) -> Credential:
    """A self-signed authority that may sign certificates and nothing else."""
    key = new_key()
    subject = _subject(name)
    builder = _builder(subject, subject, key, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    return Credential(builder.add_extension(_usage(signs_certificates=True), True).sign(key, hashes.SHA256()), key)


def issue_serving(authority: Credential) -> Credential:
    """A server's certificate for localhost and 127.0.0.1, so it also holds behind a forwarder on another port."""
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return _issue(authority, _subject("localhost"), ExtendedKeyUsageOID.SERVER_AUTH, names)


def issue_user(authority: Credential, user: str, groups: Sequence[str] = ()) -> Credential:
    """A client certificate: Kubernetes reads the user from CN and each group from an O."""
    return _issue(authority, _subject(user, groups), ExtendedKeyUsageOID.CLIENT_AUTH)


def _issue(
    authority: Credential,
    subject: x509.Name,
    purpose: x509.ObjectIdentifier,
    names: x509.SubjectAlternativeName | None = None,
) -> Credential:
    key = new_key()
    builder = _builder(subject, authority.certificate.subject, key, authority.key)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_usage(signs_certificates=False), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    builder = builder.add_extension(names, False) if names else builder
    return Credential(builder.sign(authority.key, hashes.SHA256()), key)


def _subject(name: str, organizations: Sequence[str] = ()) -> x509.Name:
    organization = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organizations]
    return x509.Name([*organization, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """What every certificate has. Python 3.13 refuses chains without the two key identifiers."""
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - _CLOCK_SKEW).not_valid_after(now + _LIFETIME)
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(own, False).add_extension(issued_by, False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
