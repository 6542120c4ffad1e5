"""Certificates of the recorder: a throw-away authority for one worker, and the roots that sites are checked against.

The authority's key lives in the memory of this process and nowhere else. Inside the sandbox only its certificate is
seen, in place of the trust bundles, so that it is worth nothing anywhere but there and for longer than the worker.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import ipaddress
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from containment.sandbox import BUNDLE, KEY_DIGEST

NAME = "casefile recorder"
"""In lower case and with single blanks: so written, its digest in a folder of certificates is that of its bytes."""
VALID = timedelta(days=7)
SKEW = timedelta(days=1)
CONTEXTS_LIMIT = 512
"""Names for which a leaf is kept; beyond them one is made anew for each connection."""
PROTOCOLS = ("http/1.1",)
"""All that is agreed on, either side: HTTP/2 packs headers, so that nothing could be kept as it was sent."""


class Authority:
    """Signs a leaf for every name that the worker asks for."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._make_own()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @property
    def certificate(self) -> bytes:
        """The authority's certificate, in PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_digest(self) -> str:
        """SHA-256 of the authority's public key (SubjectPublicKeyInfo) in base64, as RFC 7469 pins one."""
        encoding, shape = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(hashlib.sha256(self._key.public_key().public_bytes(encoding, shape)).digest()).decode()

    def context_for(self, host: str) -> ssl.SSLContext:
        """A server's context that shows a leaf for this host name or address; raises ValueError for neither."""
        with self._lock:
            context = self._contexts.get(host)
            if context is None:
                context = self._make_context(host)
                if len(self._contexts) < CONTEXTS_LIMIT:
                    self._contexts[host] = context
        return context

    def write_trust(self, folder: Path, roots: bytes = b"") -> None:
        """Write what stands for a system's folder of trusted certificates: the bundle, and the name that points to it.

        Beside them the digest of the authority's key, for a program that has roots of its own and takes such a digest.

        `roots` are certificates to be trusted besides.
        """
        (folder / BUNDLE).write_bytes(self.certificate + roots)
        (folder / KEY_DIGEST).write_text(self.key_digest, "ascii")
        (folder / _hashed_name(self._certificate.subject)).write_bytes(self.certificate)

    def _make_context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(list(PROTOCOLS))
        key = self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain = self._make_leaf(host).public_bytes(serialization.Encoding.PEM) + self.certificate
        with _readable(key + chain) as path:
            context.load_cert_chain(path)
        return context

    def _make_own(self) -> x509.Certificate:
        usage = _usage(key_cert_sign=True, crl_sign=True, digital_signature=True)
        return (
            self._begin(_NAME, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _make_leaf(self, host: str) -> x509.Certificate:
        return (
            self._begin(x509.Name([]), self._leaf_key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _begin(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        own = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_NAME)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - SKEW)
            .not_valid_after(self._now + VALID)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        )


class Roots:
    """The roots that sites are checked against: certifi's, and further files of PEM that a policy names."""

    def __init__(self, further: tuple[Path, ...] = ()) -> None:
        contents = [Path(certifi.where()).read_bytes(), *(file.read_bytes() for file in further)]
        names = [f"certifi {version('certifi')}", *("further" for _ in further)]
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        self.bundle = b"\n".join(contents)
        self.described = ", ".join(f"{name} sha256:{one}" for name, one in zip(names, digests, strict=True))
        """Name, version and digest of each file, for the record."""
        self.context = ssl.create_default_context(cadata=_text(self.bundle))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(list(PROTOCOLS))


@functools.cache
def roots_of(further: tuple[Path, ...]) -> Roots:
    """Those roots, read once in a process: it takes as long as a handshake."""
    return Roots(further)


_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])


def _usage(**named: bool) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: named.get(name, False) for name in every})


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _hashed_name(name: x509.Name) -> str:
    """As OpenSSL looks for a certificate in a folder: SHA-1 of the name without its outermost header, four bytes."""
    content = name.public_bytes()[2:]
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}.0"


def _text(pem: bytes) -> str:
    # ssl wants ASCII, and bundles name authorities in comments in any script.
    return pem.decode("ascii", "replace").replace("\ufffd", "?")


@contextmanager
def _readable(content: bytes) -> Iterator[str]:
    """A path in memory from which `content` can be read: ssl takes keys from files only."""
    descriptor = os.memfd_create("leaf", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
