"""What the parts of events hold that tell of packages: made for somebody, acknowledged, received from elsewhere."""

from __future__ import annotations

from pydantic import Field

from casefile.model import Text, Value


class PackageReleased(Value):
    """A package was made for somebody outside. `signature` is the sha256 of its signature.note, which binds every byte.

    `left_out` counts what is linked to the items and is listed as not included.
    """

    package: Text
    size: int = Field(ge=0)
    signature: Text
    items: tuple[Text, ...]
    captures: tuple[Text, ...]
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)
    left_out: int = Field(ge=0)


class PackageRecipient(Value):
    """To whom a package goes, and under which agreement."""

    recipient: Text
    agreement: Text = ""


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
