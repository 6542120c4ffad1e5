"""What the parts of events hold that tell of packages: made for somebody, acknowledged, received from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from casefile.events.event_type import EventType
from casefile.model import SafePath, Text, Value


class PackageReleased(Value):
    """A package was made for somebody outside. `signature` is the sha256 of its signature.note, which binds every byte.

    `left_out` counts what is linked to the items and is listed as not included; `whole` is the id of the package that
    this one is a volume of.
    """

    package: Text
    size: int = Field(ge=0)
    signature: Text
    items: tuple[Text, ...]
    captures: tuple[Text, ...]
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)
    left_out: int = Field(ge=0)
    whole: Text | None = None


class PackageRecipient(Value):
    """To whom a package goes, under which agreement, and to which public keys it was encrypted."""

    recipient: Text
    agreement: Text = ""
    encrypted_to: tuple[Text, ...] | None = None


class PackageAcknowledged(Value):
    """Whoever a package was made for said that it arrived; `signature` is that of the package that they have."""

    package: Text
    signature: Text = ""


class PackageReceipt(Value):
    """Who received it, when by their word, and how that became known."""

    received_by: Text
    received_at: Text = ""
    words: Text = ""


class PackageReceived(Value):
    """A package of another log was taken in, whole and as it came. `verdict` is the last line of its check."""

    package: Text
    log: Text
    size: int = Field(ge=0)
    signature: Text
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)
    verdict: Text


class PackageSender(Value):
    """Who handed a package to us, and how."""

    sender: Text
    words: Text = ""


class RedactedSpan(Value):
    """Bytes of a file that are written over in a derivative of it: the first one, how many, and of which kind."""

    at: int = Field(ge=0)
    length: int = Field(ge=1)
    kind: Text


class RedactedFile(Value):
    """A file of a capture that leaves with places written over, or not at all.

    `source` is the sha512 of the sealed file, which stays as it is, `sha256` the digest of the derivative, which has
    the same length; it is empty where nothing of the file leaves, whatever `spans` are.
    """

    path: SafePath
    source: Text
    spans: tuple[RedactedSpan, ...]
    sha256: Text = ""


class RedactedPart(Value):
    """A part of an event that does not leave because of what it holds, of that kind."""

    event: Text
    part: Text
    kind: Text


class CaptureRedacted(Value):
    """What leaves of a capture in the place of what was sealed, and why. The newest of a capture counts, and
    holds what those before it said.

    The reason is told to the recipient.
    """

    files: tuple[RedactedFile, ...]
    parts: tuple[RedactedPart, ...] = ()
    why: Text


PACKAGES: Mapping[tuple[str, int], EventType] = {
    ("package.released", 1): EventType(PackageReleased, PackageRecipient),
    ("package.acknowledged", 1): EventType(PackageAcknowledged, PackageReceipt),
    ("package.received", 1): EventType(PackageReceived, PackageSender),
    ("capture.redacted", 1): EventType(CaptureRedacted),
}
