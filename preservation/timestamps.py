"""Time stamps of RFC 3161: what an authority is asked, and whether what it answered holds. Pure.

An answer is hostile bytes. It is read by `preservation.der`, bounded and strict; certificates are read by
`cryptography`. The set of certificates in a token is not signed and often out of DER's order: it is taken as it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from preservation import der
from preservation.certificates import (
    HASHES,
    MOST_CERTIFICATES,
    RSA_PSS,
    Certificate,
    CertificateUnusable,
    NotTrusted,
    NotValidThen,
    Scheme,
    Unfit,
    path_to_root,
    require_purpose,
    require_signature,
)  # fmt: skip

SHA256 = "2.16.840.1.101.3.4.2.1"
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST, MGF1 = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.1.8"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
CONTEXT_0, CONTEXT_1, CONTEXT_2, CONTEXT_3, PRIMITIVE_0, PRIMITIVE_1 = 0xA0, 0xA1, 0xA2, 0xA3, 0x80, 0x81
GRANTED = (0, 1)
"""PKIStatus `granted` and `grantedWithMods`; what was modified shows in the token."""
MOST_ANSWER_BYTES = 128 << 10
"""A token with its certificates has about 6 KB; with lists of revoked ones it can have ten times that."""
COARSEST = timedelta(seconds=60)
"""A token that is less accurate is not accepted; ETSI EN 319 421 asks a qualified authority for a second."""


class Fault(StrEnum):
    """Why a token is not believed."""

    MALFORMED = "malformed"
    NOT_GRANTED = "not-granted"
    IMPRINT = "imprint"
    NONCE = "nonce"
    POLICY = "policy"
    ACCURACY = "accuracy"
    SIGNATURE = "signature"
    PURPOSE = "purpose"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"


class TokenRefused(ValueError):
    """A token that is not believed."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Question:
    """What an authority is asked to stamp: a SHA-256 digest, with a number that its answer must repeat."""

    digest: bytes
    nonce: int
    policy: str = ""

    def to_bytes(self) -> bytes:
        """The TimeStampReq. Nothing but the digest tells anything of what is stamped."""
        algorithm = der.element(der.SEQUENCE, der.identifier(SHA256), der.element(der.NULL))
        return der.element(
            der.SEQUENCE,
            der.integer(1),
            der.element(der.SEQUENCE, algorithm, der.element(der.OCTET_STRING, self.digest)),
            der.identifier(self.policy) if self.policy else b"",
            der.integer(self.nonce),
            der.element(der.BOOLEAN, der.TRUE),
        )

    @classmethod
    def parse(cls, content: bytes) -> Question:
        """The question in a stored TimeStampReq, which is one of ours; raises TokenRefused."""
        try:
            reader = der.inside(der.only(content, der.SEQUENCE))
            if der.whole_number(reader.take(der.INTEGER)) != 1:
                raise der.DerMalformed("another version")
            digest = _imprint(reader.take(der.SEQUENCE))
            policy = reader.optional(der.OID)
            nonce = der.whole_number(reader.take(der.INTEGER))
            found = cls(digest, nonce, der.object_id(policy) if policy else "")
        except der.DerMalformed as error:
            raise TokenRefused(Fault.MALFORMED, f"the request cannot be read: {error}") from error
        if found.to_bytes() != content:
            raise TokenRefused(Fault.MALFORMED, "the request is not one of ours")
        return found


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token that was believed says. `chain` leads from the authority's certificate to the root.

    `accuracy` is None where the authority states none. `valid_until` is when the first certificate of the chain ends.
    """

    time: datetime
    accuracy: timedelta | None
    policy: str
    serial: int
    chain: tuple[Certificate, ...]

    @property
    def valid_until(self) -> datetime:
        return min(one.ends for one in self.chain)


@dataclass(frozen=True, slots=True)
class _Info:
    """TSTInfo: what is signed."""

    policy: str
    digest: bytes
    serial: int
    time: datetime
    accuracy: timedelta | None
    nonce: int | None


@dataclass(frozen=True, slots=True)
class _Token:
    """A token taken apart. `attributes` are the signed ones as they are hashed; `named` by their identifiers."""

    info: bytes
    certificates: tuple[bytes, ...]
    signer: der.Element
    digest: str
    attributes: bytes
    named: dict[str, der.Element]
    scheme: Scheme
    signature: bytes


def verify(answer: bytes, question: Question, roots: Sequence[Certificate]) -> Stamp:
    """What the answer says, when everything about it holds; raises TokenRefused.

    Everything is checked at the token's own time: a certificate may have ended since.
    """
    try:
        token = _token(_granted(answer))
        info = _info(token.info)
    except der.DerMalformed as error:
        raise TokenRefused(Fault.MALFORMED, str(error)) from error
    signer, others = _signer(token)
    _require_signed(token, signer)
    try:
        require_purpose(signer)
    except CertificateUnusable as error:
        raise TokenRefused(Fault.PURPOSE, str(error)) from error
    chain = _chain(signer, others, roots, info.time)
    _require_answer(info, question)
    return Stamp(info.time, info.accuracy, info.policy, info.serial, chain)


def _granted(answer: bytes) -> der.Element:
    """The token of a TimeStampResp."""
    if len(answer) > MOST_ANSWER_BYTES:
        raise der.DerMalformed("it is longer than an answer may be")
    reader = der.inside(der.only(answer, der.SEQUENCE))
    status = der.inside(reader.take(der.SEQUENCE))
    code = der.whole_number(status.take(der.INTEGER))
    if code not in GRANTED:
        raise TokenRefused(Fault.NOT_GRANTED, f"the authority gave no token, status {code}")
    token = reader.take(der.SEQUENCE)
    reader.end()
    return token


def _token(content: der.Element) -> _Token:
    """RFC 5652 section 5, as RFC 3161 section 2.4.2 restricts it: one signer, of a TSTInfo that is there."""
    data = der.inside(_wrapped(der.inside(content), SIGNED_DATA, der.SEQUENCE))
    der.whole_number(data.take(der.INTEGER))
    data.take(der.SET)
    info = _wrapped(der.inside(data.take(der.SEQUENCE)), TST_INFO, der.OCTET_STRING)
    certificates = data.optional(CONTEXT_0)
    data.optional(CONTEXT_1)
    signers = der.members(data.take(der.SET), der.SEQUENCE)
    data.end()
    if len(signers) != 1:
        raise der.DerMalformed(f"it has {len(signers)} signers, not one")
    embedded = der.members(certificates, der.SEQUENCE) if certificates else ()
    if len(embedded) > MOST_CERTIFICATES:
        raise der.DerMalformed(f"it has {len(embedded)} certificates, more than {MOST_CERTIFICATES}")
    return _signed(info.content, tuple(one.whole for one in embedded), signers[0])


def _wrapped(reader: der.Reader, kind: str, tag: int) -> der.Element:
    """What a ContentInfo of that kind wraps."""
    if der.object_id(reader.take(der.OID)) != kind:
        raise der.DerMalformed("it is not signed data with a time stamp")
    found = der.only(reader.take(CONTEXT_0).content, tag)
    reader.end()
    return found


def _signed(info: bytes, certificates: tuple[bytes, ...], signer: der.Element) -> _Token:
    reader = der.inside(signer)
    der.whole_number(reader.take(der.INTEGER))
    named = reader.optional(PRIMITIVE_0) or reader.take(der.SEQUENCE)
    digest = _algorithm(reader.take(der.SEQUENCE))[0]
    attributes = reader.take(CONTEXT_0)
    algorithm, parameters = _algorithm(reader.take(der.SEQUENCE))
    signature = reader.take(der.OCTET_STRING).content
    reader.optional(CONTEXT_1)
    reader.end()
    return _Token(
        info,
        certificates,
        named,
        digest,
        # RFC 5652 section 5.4: hashed as the SET that they are, not under the tag that they stand under.
        der.element(der.SET, attributes.content),
        _attributes(attributes),
        _scheme(algorithm, digest, parameters),
        signature,
    )


def _attributes(content: der.Element) -> dict[str, der.Element]:
    """The signed attributes, each with its one value; that of an unknown kind is not looked into."""
    found: dict[str, der.Element] = {}
    for one in der.members(content, der.SEQUENCE):
        reader = der.inside(one)
        kind, values = der.object_id(reader.take(der.OID)), reader.take(der.SET)
        reader.end()
        if kind in found:
            raise der.DerMalformed("an attribute stands there twice")
        found[kind] = values
    return found


def _algorithm(content: der.Element) -> tuple[str, der.Reader]:
    reader = der.inside(content)
    return der.object_id(reader.take(der.OID)), reader


def _scheme(algorithm: str, digest: str, parameters: der.Reader) -> Scheme:
    if algorithm != RSA_PSS:
        return Scheme(algorithm, digest)
    # RFC 4055 section 3.1. The default of every field is SHA-1, which is not accepted: all must be stated.
    reader = der.inside(parameters.take(der.SEQUENCE))
    chosen = _algorithm(der.only(reader.take(CONTEXT_0).content, der.SEQUENCE))[0]
    mask, of_mask = _algorithm(der.only(reader.take(CONTEXT_1).content, der.SEQUENCE))
    salt = der.whole_number(der.only(reader.take(CONTEXT_2).content, der.INTEGER))
    if mask != MGF1 or _algorithm(of_mask.take(der.SEQUENCE))[0] != chosen or salt > 64:
        raise der.DerMalformed("a signature that was made in a way that is not accepted")
    return Scheme(algorithm, chosen, salt)


def _signer(token: _Token) -> tuple[Certificate, tuple[Certificate, ...]]:
    """The certificate that the token names as its signer's, and the others in it."""
    try:
        found = [Certificate.read(one) for one in token.certificates]
        signer = next((one for one in found if _is_named(one, token.signer)), None)
    except CertificateUnusable as error:
        raise TokenRefused(Fault.MALFORMED, str(error)) from error
    except der.DerMalformed as error:
        raise TokenRefused(Fault.MALFORMED, f"its signer is not named: {error}") from error
    if signer is None:
        raise TokenRefused(Fault.SIGNATURE, "the certificate of its signer is not in it")
    return signer, tuple(one for one in found if one is not signer)


def _is_named(one: Certificate, named: der.Element) -> bool:
    if named.tag == PRIMITIVE_0:
        return bool(one.key_id) and one.key_id == named.content
    reader = der.inside(named)
    issuer, serial = reader.take(der.SEQUENCE).whole, der.whole_number(reader.take(der.INTEGER))
    reader.end()
    return (one.issuer, one.serial) == (issuer, serial)


def _require_signed(token: _Token, signer: Certificate) -> None:
    """The signature covers the attributes, these cover the TSTInfo, and name the very certificate of the signer."""
    chosen = HASHES.get(token.digest)
    if chosen is None:
        raise TokenRefused(Fault.SIGNATURE, "its digest is of a kind that is not accepted")
    try:
        kind = der.object_id(_value(token, CONTENT_TYPE, der.OID))
        digest = _value(token, MESSAGE_DIGEST, der.OCTET_STRING).content
        names_signer = _names(token, signer)
    except der.DerMalformed as error:
        raise TokenRefused(Fault.SIGNATURE, f"its signed attributes are not those of a time stamp: {error}") from error
    if kind != TST_INFO or digest != hashlib.new(chosen.name, token.info).digest():
        raise TokenRefused(Fault.SIGNATURE, "it was made over something else than what it says")
    if not names_signer:
        raise TokenRefused(Fault.SIGNATURE, "it was made for another certificate than it comes with")
    try:
        require_signature(signer, token.scheme, token.signature, token.attributes)
    except CertificateUnusable as error:
        raise TokenRefused(Fault.SIGNATURE, str(error)) from error


def _value(token: _Token, kind: str, tag: int) -> der.Element:
    if kind not in token.named:
        raise der.DerMalformed("one of them is missing")
    return der.only(token.named[kind].content, tag)


def _names(token: _Token, signer: Certificate) -> bool:
    """RFC 2634 and 5035: the first certificate that the attribute names is the signer's."""
    kind = SIGNING_CERTIFICATE_2 if SIGNING_CERTIFICATE_2 in token.named else SIGNING_CERTIFICATE
    listed = der.members(der.inside(_value(token, kind, der.SEQUENCE)).take(der.SEQUENCE), der.SEQUENCE)
    if not listed:
        raise der.DerMalformed("no certificate is named")
    first = der.inside(listed[0])
    algorithm = first.optional(der.SEQUENCE) if kind == SIGNING_CERTIFICATE_2 else None
    digest = first.take(der.OCTET_STRING).content
    if kind == SIGNING_CERTIFICATE:
        return digest == hashlib.sha1(signer.der, usedforsecurity=False).digest()
    chosen = HASHES.get(_algorithm(algorithm)[0] if algorithm else SHA256)
    return chosen is not None and digest == hashlib.new(chosen.name, signer.der).digest()


def _info(content: bytes) -> _Info:
    """RFC 3161 section 2.4.2."""
    reader = der.inside(der.only(content, der.SEQUENCE))
    if der.whole_number(reader.take(der.INTEGER)) != 1:
        raise der.DerMalformed("a time stamp of another version")
    policy = der.object_id(reader.take(der.OID))
    digest = _imprint(reader.take(der.SEQUENCE))
    serial = der.whole_number(reader.take(der.INTEGER))
    time = der.moment(reader.take(der.GENERALIZED_TIME))
    stated = reader.optional(der.SEQUENCE)
    accuracy = _accuracy(der.inside(stated)) if stated else None
    reader.optional(der.BOOLEAN)
    nonce = reader.optional(der.INTEGER)
    reader.optional(CONTEXT_0)
    extensions = reader.optional(CONTEXT_1)
    reader.end()
    if extensions is not None and any(_critical(one) == der.TRUE for one in der.members(extensions, der.SEQUENCE)):
        raise der.DerMalformed("a time stamp with an extension that must not be passed over")
    return _Info(policy, digest, serial, time, accuracy, der.whole_number(nonce) if nonce else None)


def _critical(extension: der.Element) -> bytes:
    reader = der.inside(extension)
    reader.take(der.OID)
    critical = reader.optional(der.BOOLEAN)
    return critical.content if critical else b""


def _accuracy(reader: der.Reader) -> timedelta:
    seconds, millis, micros = reader.optional(der.INTEGER), reader.optional(PRIMITIVE_0), reader.optional(PRIMITIVE_1)
    reader.end()
    numbers = [der.whole_number(one) if one else 0 for one in (seconds, millis, micros)]
    if numbers[0] > 1 << 31 or max(numbers[1:]) > 999:
        raise der.DerMalformed("an accuracy beyond all bounds")
    return timedelta(seconds=numbers[0], milliseconds=numbers[1], microseconds=numbers[2])


def _imprint(content: der.Element) -> bytes:
    reader = der.inside(content)
    algorithm = _algorithm(reader.take(der.SEQUENCE))[0]
    digest = reader.take(der.OCTET_STRING).content
    reader.end()
    if algorithm != SHA256:
        raise TokenRefused(Fault.IMPRINT, "it is over another kind of digest than SHA-256")
    return digest


def _chain(
    signer: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate], at: datetime
) -> tuple[Certificate, ...]:
    try:
        return path_to_root(signer, others, roots, at)
    except NotValidThen as error:
        raise TokenRefused(Fault.EXPIRED, str(error)) from error
    except Unfit as error:
        raise TokenRefused(Fault.PURPOSE, str(error)) from error
    except (NotTrusted, CertificateUnusable) as error:
        raise TokenRefused(Fault.UNTRUSTED, str(error)) from error


def _require_answer(info: _Info, question: Question) -> None:
    """That it answers this question, and is accurate enough to be of use."""
    if info.digest != question.digest:
        raise TokenRefused(Fault.IMPRINT, "it is over other bytes than were sent")
    if info.nonce != question.nonce:
        raise TokenRefused(Fault.NONCE, "it answers another request")
    if question.policy and info.policy != question.policy:
        raise TokenRefused(Fault.POLICY, f"it was made under policy {info.policy}, not {question.policy}")
    if info.accuracy is not None and info.accuracy > COARSEST:
        raise TokenRefused(Fault.ACCURACY, f"it is accurate to {info.accuracy.total_seconds():.0f} s only")
