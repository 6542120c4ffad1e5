"""Keys: Ed25519 pairs in files, known outside by their fingerprints. One signs the log's heads, one only keys.

`log.key` signs checkpoints; after a rotation `log-2.key` does, and so on. `root.key` signs nothing but statements about
keys and belongs away from the machine; `root.pub` stays.

The fingerprint is the sha256 of the public key's DER form (RFC 8410), so that anybody with openssl can compute it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from casefile.errors import KeyLocked, KeyMissing, UsageError, WorkspaceUnusable
from preservation.durable import Disk, is_there

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_GROUP = 4
_GROUPS_A_LINE = 8


ROOT = "root"
LOG = "log"
PERSON = "person"
ALGORITHM = "ed25519"
SECOND_ALGORITHM = "ml-dsa-44"
SECOND_KEY_BYTES = 1312
"""FIPS 204, ML-DSA-44."""
SECOND_SUFFIX = ".mldsa44.key"
LEAST_PASSPHRASE = 12
"""Characters of a passphrase that is worth stretching."""
SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_BYTES = 1 << 15, 8, 1, 64 << 20
"""RFC 7914: 32 MiB for every guess."""
_STRETCHED = re.compile(rb"scrypt n=(\d{1,7}) r=8 p=1 length=32 salt=([0-9a-f]{32})\n")
_HEADING = (
    "A key of a person, for signing steps of an investigation. The passphrase of what follows is the hexadecimal\n"
    "scrypt of yours, with these parameters:\n"
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key: its 32 bytes and its DER form."""

    raw: bytes
    der: bytes

    def fingerprint(self) -> str:
        """`sha256:` and the hexadecimal digits of the digest of the DER form."""
        return "sha256:" + hashlib.sha256(self.der).hexdigest()

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether this key made the signature over exactly this content."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def of(cls, raw: bytes) -> PublicKey:
        """The key of these 32 bytes; raises ValueError for any other number of them."""
        return _public_key(Ed25519PublicKey.from_public_bytes(raw))


class SigningKey:
    """The private half of a key, read from its file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = _public_key(private.public_key())

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes; the same content always has the same one (RFC 8032)."""
        return self._private.sign(content)

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """The key in that file; raises KeyMissing, WorkspaceUnusable when it is no Ed25519 key."""
        private = _private_key(path)
        if not isinstance(private, Ed25519PrivateKey):
            raise WorkspaceUnusable(str(path), "it is not an Ed25519 key")
        return cls(private)

    @classmethod
    def unlock(cls, path: Path, passphrase: str) -> SigningKey:
        """A person's key in that file; raises KeyMissing, KeyLocked, WorkspaceUnusable when it is no such file."""
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise KeyMissing(str(path)) from error
        except OSError as error:
            raise WorkspaceUnusable(str(path), error.strerror or str(error)) from error
        found = _STRETCHED.search(content)
        if found is None or int(found[1]) > 8 * SCRYPT_N:
            raise WorkspaceUnusable(str(path), "it is not a person's key")
        try:
            secret = _stretched(passphrase, bytes.fromhex(found[2].decode()), int(found[1]))
            private = load_pem_private_key(content[found.end() :], secret)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyLocked(str(path)) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise WorkspaceUnusable(str(path), "it is not an Ed25519 key")
        return cls(private)


class SecondKey:
    """The log's second key, of ML-DSA-44 (FIPS 204), for when Ed25519 no longer holds; `raw` is its public half."""

    def __init__(self, private: MLDSA44PrivateKey) -> None:
        self._private = private
        self.raw = private.public_key().public_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        """The signature, 2420 bytes; another one each time."""
        return self._private.sign(content)

    @classmethod
    def read(cls, path: Path) -> SecondKey:
        """The key in that file; raises KeyMissing, WorkspaceUnusable when it is no ML-DSA-44 key."""
        private = _private_key(path)
        if not isinstance(private, MLDSA44PrivateKey):
            raise WorkspaceUnusable(str(path), "it is not an ML-DSA-44 key")
        return cls(private)


def _private_key(path: Path) -> PrivateKeyTypes:
    """The unprotected private key in that file, of whatever kind; raises KeyMissing, WorkspaceUnusable."""
    try:
        return load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError as error:
        raise KeyMissing(str(path)) from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise WorkspaceUnusable(str(path), f"it is not a private key: {error}") from error


def second_verifies(raw: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the ML-DSA-44 key of these 1312 bytes made the signature over exactly this content."""
    try:
        MLDSA44PublicKey.from_public_bytes(raw).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def second_file(public: Path) -> Path:
    """Where the private second key lies that belongs to the log's key in the file `public`."""
    return public.with_name(public.name.removesuffix(".pub") + SECOND_SUFFIX)


def create_second_key(public: Path, disk: Disk) -> SecondKey:
    """Makes the second key of the log's key in the file `public`, readable by its owner only."""
    made = MLDSA44PrivateKey.generate()
    secret = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    disk.create_exclusive(second_file(public), secret, PRIVATE_FILE)
    return SecondKey(made)


def create_protected(path: Path, passphrase: str, disk: Disk) -> SigningKey:
    """Makes a person's key in a file of its own, protected by a passphrase; raises VaultConflict, UsageError."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise UsageError(f"a passphrase has at least {LEAST_PASSPHRASE} characters; several random words are good")
    made = Ed25519PrivateKey.generate()
    salt = os.urandom(16)
    secret = BestAvailableEncryption(_stretched(passphrase, salt, SCRYPT_N))
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)
    parameters = f"scrypt n={SCRYPT_N} r={SCRYPT_R} p={SCRYPT_P} length=32 salt={salt.hex()}\n"
    if not is_there(path.parent):
        disk.make_directories(path.parent)
    disk.create_exclusive(path, (_HEADING + parameters).encode("ascii") + pem, PRIVATE_FILE)
    return SigningKey(made)


def create_pair(private: Path, public: Path, disk: Disk) -> SigningKey:
    """Makes a pair, durably, readable by its owner only; raises VaultConflict when either file is there."""
    made = Ed25519PrivateKey.generate()
    for folder in dict.fromkeys((private.parent, public.parent)):
        if not is_there(folder):
            disk.make_directories(folder)
            disk.restrict(folder, PRIVATE_FOLDER)
    secret = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    disk.create_exclusive(private, secret, PRIVATE_FILE)
    shown = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    disk.create_exclusive(public, shown, PRIVATE_FILE)
    return SigningKey(made)


def create_log_key(folder: Path, disk: Disk) -> SigningKey:
    """Makes the log's next pair in `folder`: `log.key`, then `log-2.key` and so on."""
    names = (LOG if number == 1 else f"{LOG}-{number}" for number in count(1))
    name = next(one for one in names if not is_there(folder / f"{one}.pub") and not is_there(folder / f"{one}.key"))
    return create_pair(folder / f"{name}.key", folder / f"{name}.pub", disk)


def create_root_key(folder: Path, private: Path, disk: Disk) -> SigningKey:
    """Makes a root key that takes another one's place: its private half in `private`, its public in `folder`."""
    names = (f"{ROOT}-{number}.pub" for number in count(2))
    return create_pair(private, folder / next(one for one in names if not is_there(folder / one)), disk)


def read_public_key(path: Path) -> PublicKey:
    """The public half in that file; raises WorkspaceUnusable when it is missing or is no Ed25519 key."""
    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise WorkspaceUnusable(str(path), f"it is not a public key: {error}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise WorkspaceUnusable(str(path), "it is not an Ed25519 key")
    return _public_key(public)


def file_of(folder: Path, fingerprint: str) -> Path | None:
    """The file in `folder` with the public half of that fingerprint; None when there is none."""
    for path in sorted(folder.glob("*.pub")):
        try:
            if read_public_key(path).fingerprint() == fingerprint:
                return path
        except WorkspaceUnusable:
            continue
    return None


def key_card(log_key: PublicKey | None, root_key: PublicKey | None, investigation: str, verifier_key: str) -> str:
    """Plain lines to print on paper and deposit outside: with them, a replaced key or log is seen."""
    return "\n".join(
        (
            "Casefile: keys of an evidence log",
            "",
            f"Investigation    {investigation}",
            *_shown("Log key", log_key),
            *_shown("Root key", root_key),
            "",
            f"For a witness    {verifier_key}",
            "",
            "Keep this page outside the investigation: with a notary, counsel or a partner organisation.",
            "Who holds it can tell whether a log that is shown later was signed with these keys. To compare, run",
            "    openssl pkey -pubin -in FILE -outform DER | openssl dgst -sha256",
            f"on {LOG}.pub (after a rotation the newest {LOG}-N.pub) and {ROOT}.pub.",
            "The root key confirms every later key of the log.",
            "It holds no secret.",
            "",
        )
    )


def _stretched(passphrase: str, salt: bytes, n: int) -> bytes:
    secret, bound = passphrase.encode("utf-8"), 9 * SCRYPT_BYTES
    return hashlib.scrypt(secret, salt=salt, n=n, r=SCRYPT_R, p=SCRYPT_P, maxmem=bound, dklen=32).hex().encode("ascii")


def _shown(name: str, key: PublicKey | None) -> list[str]:
    if key is None:
        return ["", f"{name:16} none is stated, or it is revoked"]
    digits = key.fingerprint().removeprefix("sha256:")
    groups = [digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP)]
    lines = [groups[start : start + _GROUPS_A_LINE] for start in range(0, len(groups), _GROUPS_A_LINE)]
    return [
        "",
        f"{name:16} {base64.b64encode(key.raw).decode('ascii')} (Ed25519)",
        *(f"{'' if number else 'Fingerprint':16} {' '.join(line)}" for number, line in enumerate(lines)),
    ]


def _public_key(public: Ed25519PublicKey) -> PublicKey:
    return PublicKey(
        raw=public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        der=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
