"""The log's key: an Ed25519 pair, made once, whose public half is known outside by its fingerprint.

The fingerprint is the sha256 of the public key's DER form (RFC 8410), so that anybody with openssl can compute it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from casefile.errors import WorkspaceUnusable
from preservation.durable import Disk

PRIVATE_KEY = "log.key"
PUBLIC_KEY = "log.pub"
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_GROUP = 4
_GROUPS_A_LINE = 8


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of the log's key: its 32 bytes and its DER form."""

    raw: bytes
    der: bytes

    def fingerprint(self) -> str:
        """`sha256:` and the hexadecimal digits of the digest of the DER form."""
        return "sha256:" + hashlib.sha256(self.der).hexdigest()


def create_log_key(folder: Path, disk: Disk) -> PublicKey:
    """Makes the pair in `folder`, durably, readable by its owner only; raises VaultConflict when there is one."""
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key()
    disk.make_directories(folder)
    disk.restrict(folder, PRIVATE_FOLDER)
    disk.create_exclusive(folder / PRIVATE_KEY, secret, PRIVATE_FILE)
    disk.create_exclusive(
        folder / PUBLIC_KEY, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), PRIVATE_FILE
    )
    return _public_key(public)


def read_public_key(folder: Path) -> PublicKey:
    """The public half; raises WorkspaceUnusable when it is missing or is no Ed25519 key."""
    path = folder / PUBLIC_KEY
    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise WorkspaceUnusable(str(path), f"it is not a public key: {error}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise WorkspaceUnusable(str(path), "it is not an Ed25519 key")
    return _public_key(public)


def key_card(public: PublicKey, investigation: str) -> str:
    """Plain lines to print on paper and deposit outside: with them, a replaced key or log is seen."""
    digits = public.fingerprint().removeprefix("sha256:")
    groups = [digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP)]
    lines = [groups[start : start + _GROUPS_A_LINE] for start in range(0, len(groups), _GROUPS_A_LINE)]
    return "\n".join(
        (
            "Casefile: key of an evidence log",
            "",
            f"Investigation    {investigation}",
            f"Public key       {base64.b64encode(public.raw).decode('ascii')} (Ed25519)",
            *(f"{'' if number else 'Fingerprint':16} {' '.join(line)}" for number, line in enumerate(lines)),
            "",
            "Keep this page outside the investigation: with a notary, counsel or a partner organisation.",
            "Who holds it can tell whether a log that is shown later was signed with this key. To compare, run",
            f"    openssl pkey -pubin -in {PUBLIC_KEY} -outform DER | openssl dgst -sha256",
            "It holds no secret.",
            "",
        )
    )


def _public_key(public: Ed25519PublicKey) -> PublicKey:
    return PublicKey(
        raw=public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        der=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
