"""Certificates of time authorities: which key signed, what it may sign, and whether it leads to a root that is trusted.

X.509 is read and paths are built by `cryptography`, which is told what RFC 3161 asks for in place of what a web server
needs. The moment at which everything must hold is the token's own: a certificate may have run out since.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

MOST_CERTIFICATES = 8
"""In one token: with this many, searching for a path ends soon however they are made to name each other."""
MOST_BETWEEN = 3
"""Certificates between the authority's own and the root."""
MOST_ROOTS = 64

HASHES: dict[str, HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": SHA256(),
    "2.16.840.1.101.3.4.2.2": SHA384(),
    "2.16.840.1.101.3.4.2.3": SHA512(),
}
"""Digests by their object identifiers (RFC 5754). SHA-1 is not among them."""
RSA, RSA_PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
RSA_WITH: dict[str, HashAlgorithm] = {
    "1.2.840.113549.1.1.11": SHA256(),
    "1.2.840.113549.1.1.12": SHA384(),
    "1.2.840.113549.1.1.13": SHA512(),
}
ECDSA_WITH: dict[str, HashAlgorithm] = {
    "1.2.840.10045.4.3.2": SHA256(),
    "1.2.840.10045.4.3.3": SHA384(),
    "1.2.840.10045.4.3.4": SHA512(),
}
LEAST_RSA_BITS = 2048
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises over a certificate that is none."""


class CertificateUnusable(ValueError):
    """A certificate cannot be read, or its key does not do what is asked of it; says what is wrong."""


class Unfit(CertificateUnusable):
    """A certificate that may not sign time stamps."""


class NotValidThen(CertificateUnusable):
    """A certificate whose time had not begun, or had ended."""


class NotTrusted(CertificateUnusable):
    """Certificates that lead to no root that is trusted."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. Issuer and serial number, or the key's identifier, are how a signature names it."""

    der: bytes
    issuer: bytes
    serial: int
    key_id: bytes
    begins: datetime
    ends: datetime
    parsed: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """`sha256:` and the hexadecimal digits of the digest of the certificate."""
        return "sha256:" + hashlib.sha256(self.der).hexdigest()

    @property
    def pem(self) -> bytes:
        """The certificate as text."""
        return self.parsed.public_bytes(Encoding.PEM)

    @classmethod
    def read(cls, der: bytes) -> Certificate:
        """The certificate in these bytes; raises CertificateUnusable."""
        with _readable():
            parsed = x509.load_der_x509_certificate(der)
            try:
                key_id = parsed.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
            except x509.ExtensionNotFound:
                key_id = b""
            return cls(
                der,
                parsed.issuer.public_bytes(),
                parsed.serial_number,
                key_id,
                parsed.not_valid_before_utc,
                parsed.not_valid_after_utc,
                parsed,
            )


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a signature was made. `salt_bytes` is for RSA-PSS, whose mask uses the same digest."""

    algorithm: str
    digest: str
    salt_bytes: int | None = None


def read_roots(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates of a PEM file, which are what an authority is checked against; raises CertificateUnusable."""
    with _readable():
        found = x509.load_pem_x509_certificates(pem)
    if not 1 <= len(found) <= MOST_ROOTS:
        raise CertificateUnusable(f"{len(found)} certificates where 1 to {MOST_ROOTS} belong")
    return tuple(Certificate.read(one.public_bytes(Encoding.DER)) for one in found)


def require_signature(signer: Certificate, scheme: Scheme, signature: bytes, content: bytes) -> None:
    """Raise CertificateUnusable unless the signer's key made this signature over exactly this content."""
    with _readable():
        key = signer.parsed.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
            padded, digest = _rsa(scheme)
            key.verify(signature, content, padded, digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme.algorithm in ECDSA_WITH:
            key.verify(signature, content, ec.ECDSA(ECDSA_WITH[scheme.algorithm]))
        else:
            raise CertificateUnusable("it was made in a way, or with a key, that is not accepted")
    except InvalidSignature as error:
        raise CertificateUnusable("the key of the certificate did not make it") from error


def _rsa(scheme: Scheme) -> tuple[padding.AsymmetricPadding, HashAlgorithm]:
    chosen = RSA_WITH.get(scheme.algorithm) or HASHES.get(scheme.digest)
    if chosen is None or scheme.algorithm not in (RSA, RSA_PSS, *RSA_WITH):
        raise CertificateUnusable("it was made in a way that is not accepted")
    if scheme.algorithm == RSA_PSS:
        if scheme.salt_bytes is None:
            raise CertificateUnusable("it does not say how it was made")
        return padding.PSS(padding.MGF1(chosen), scheme.salt_bytes), chosen
    return padding.PKCS1v15(), chosen


def require_purpose(signer: Certificate) -> None:
    """RFC 3161 section 2.3: the one extended use is time stamping, and it is critical. Raises Unfit."""
    with _readable():
        extensions = signer.parsed.extensions
    try:
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise Unfit("it states no extended use") from error
    if list(extended.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Unfit("its extended use is not time stamping alone")
    if not extended.critical:
        raise Unfit("its extended use is not marked critical")
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise Unfit("its key is not for signatures")


def path_to_root(
    signer: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate], at: datetime
) -> tuple[Certificate, ...]:
    """The certificates from the signer to one of the roots, all of which held at that moment.

    Raises NotValidThen where the signer's had not begun or had ended, or one of the others that would be needed, and
    NotTrusted where there is no path.
    """
    if not signer.begins <= at <= signer.ends:
        raise NotValidThen(f"the authority's own is valid from {signer.begins:%Y-%m-%d} to {signer.ends:%Y-%m-%d}")
    try:
        return _path(signer, others, roots, at)
    except VerificationError as error:
        # The builder does not say which of several reasons it was. Somebody who reads the finding wants to know.
        ended = [one for one in (*others, *roots) if not one.begins <= at <= one.ends]
        if ended and _would_hold(signer, others, roots):
            raise NotValidThen(f"one above it is valid from {ended[0].begins:%F} to {ended[0].ends:%F}") from error
        raise NotTrusted("no root that is configured vouches for it") from error


def _would_hold(signer: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate]) -> bool:
    """Whether there is a path at any moment at which one of the certificates begins."""
    for moment in {one.begins for one in (signer, *others, *roots)}:
        try:
            _path(signer, others, roots, moment)
        except VerificationError:
            continue
        return True
    return False


def _path(
    signer: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate], at: datetime
) -> tuple[Certificate, ...]:
    authority = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _reaches_time_stamps)
    )
    with _readable():
        verifier = (
            PolicyBuilder()
            .store(Store([one.parsed for one in roots]))
            .time(at.astimezone(UTC).replace(tzinfo=None, microsecond=0))
            .max_chain_depth(MOST_BETWEEN)
            .extension_policies(ca_policy=authority, ee_policy=ExtensionPolicy.permit_all())
            .build_client_verifier()
        )
        found = verifier.verify(signer.parsed, [one.parsed for one in others])
    return tuple(Certificate.read(one.public_bytes(Encoding.DER)) for one in found.chain)


def _is_authority(_policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints) -> None:
    if not found.ca:
        raise ValueError("it is no certificate of an authority")


def _signs_certificates(_policy: Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and not found.key_cert_sign:
        raise ValueError("its key is not for signing certificates")


def _reaches_time_stamps(_policy: Policy, _certificate: x509.Certificate, found: x509.ExtendedKeyUsage | None) -> None:
    allowed = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if found is not None and allowed.isdisjoint(found):
        raise ValueError("it vouches for other uses only")


@contextmanager
def _readable() -> Iterator[None]:
    """Turn whatever reading a certificate raises into CertificateUnusable; what it would warn of is no matter here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UNREADABLE as error:
        if isinstance(error, CertificateUnusable):
            raise
        raise CertificateUnusable("a certificate cannot be read") from error
