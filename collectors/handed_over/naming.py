"""Names of handed-over files as data: exact in the locator, readable in the name, never a path of ours. Pure."""

from __future__ import annotations

import os
from urllib.parse import unquote_to_bytes

SCHEME = "handed-over"


def locator_of(relative: str) -> str:
    """`handed-over:` and the path inside what was handed over, as an IRI.

    What is printable stays readable; the rest, also bytes that are no UTF-8, is percent-encoded, so that
    `original_of` gives the very bytes back.
    """
    return f"{SCHEME}:" + "".join(_encode(one) for one in relative)


def original_of(locator: str) -> bytes:
    """The bytes of the original path that `locator_of` was given."""
    return unquote_to_bytes(locator.removeprefix(f"{SCHEME}:"))


def name_of(path: str) -> str:
    """The last part of a path as text; bytes that are no UTF-8 are written as \\xNN."""
    return os.fsencode(os.path.basename(path)).decode("utf-8", "backslashreplace")


def _encode(character: str) -> str:
    if character.isprintable() and character not in '%?#"<>\\^`{|} ':
        return character
    return "".join(f"%{byte:02X}" for byte in os.fsencode(character))
