"""The certificates that the other side of a TLS connection showed. Standard library only: workers import it, too."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

from containment.sandbox import BUNDLE, CERTIFICATES, KEY_DIGEST

END = "-----END CERTIFICATE-----"


def chain_of(connection: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The verified chain of the other side in DER, leaf first. Before Python 3.13 only a private name gives it."""
    public = getattr(connection, "get_verified_chain", None)
    if public is not None:
        return tuple(public())
    inner = connection._sslobj  # type: ignore[attr-defined]
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner.get_verified_chain())


def recorder_key(trusted: Path = Path(CERTIFICATES)) -> str:
    """The digest of the recorder's key, which stands where it is in between; empty where nothing records."""
    with contextlib.suppress(OSError):
        return (trusted / KEY_DIGEST).read_text("ascii").strip()
    return ""


def is_of_recorder(chain: tuple[bytes, ...], trusted: Path = Path(CERTIFICATES)) -> bool:
    """Whether a chain ends in the recorder's own authority, which stands first among what a worker trusts then."""
    if not chain or not (trusted / KEY_DIGEST).exists():
        return False
    first = (trusted / BUNDLE).read_text("ascii", "replace").partition(END)[0] + END + "\n"
    return ssl.PEM_cert_to_DER_cert(first) == chain[-1]
