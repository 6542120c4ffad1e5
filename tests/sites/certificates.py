"""Certificates for the hostile site: a root of its own, one good certificate under it and the usual bad ones."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KINDS = ("good", "self-signed", "expired", "future", "wrong-name")
NAMES = ("localhost", "site.example", "other.example")


class Certificates:
    """Files of keys and certificates, made when first asked for. `root` is what a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._root = _certificate("Casefile test root", self._root_key, authority=True)
        self.root = folder / "root.pem"
        self.root.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))

    @classmethod
    @cache
    def shared(cls) -> Self:
        """One set for the process: keys cost time and none of them is secret."""
        return cls(Path(tempfile.mkdtemp(prefix="hostile-site-")))

    def server_context(self, kind: str) -> ssl.SSLContext:
        """A server's TLS context that shows the certificate of this kind."""
        path = self._folder / f"{kind}.pem"
        if not path.exists():
            path.write_bytes(self._make(kind))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _make(self, kind: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        issued = None if kind == "self-signed" else (self._root, self._root_key)
        days = {"expired": (-20, -10), "future": (10, 20)}.get(kind, (-1, 10))
        names = ("elsewhere.example",) if kind == "wrong-name" else NAMES
        address = kind != "wrong-name"
        made = _certificate("site.example", key, issuer=issued, days=days, names=names, address=address)
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + made.public_bytes(serialization.Encoding.PEM)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    days: tuple[int, int] = (-1, 10),
    names: tuple[str, ...] = (),
    address: bool = False,
    authority: bool = False,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    signing = issuer[1] if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer[0].subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    alternatives: list[x509.GeneralName] = [x509.DNSName(one) for one in names]
    if address:
        alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    if authority:
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing, hashes.SHA256())
