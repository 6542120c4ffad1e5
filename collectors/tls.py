"""What a worker knows of a TLS connection that it made: what was agreed, and which certificates the site showed."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass

from containment.chains import chain_of, is_of_recorder


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What was agreed, and the certificates that the server showed (DER), its own first, after they were verified."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]

    @property
    def certificate(self) -> bytes:
        """The server's own."""
        return self.chain[0] if self.chain else b""

    @property
    def certificate_sha256(self) -> str:
        """The digest of the server's own certificate."""
        return digest_of(self.certificate)


def digest_of(certificate: bytes) -> str:
    """SHA-256 of a certificate in DER."""
    return "sha256:" + hashlib.sha256(certificate).hexdigest()


def facts_of(secured: ssl.SSLSocket) -> TlsFacts | None:
    """The facts of a connection after its handshake.

    None where our own recorder is in between: its certificates are no site's, and it keeps the site's itself.
    """
    chain = chain_of(secured)
    if is_of_recorder(chain):
        return None
    cipher = secured.cipher()
    return TlsFacts(secured.version() or "", cipher[0] if cipher else "", chain)
