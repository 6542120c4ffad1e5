"""Which parts of which events may leave. Pure.

A body says what was done and leaves with its event. What names people stays, but for what an item says of itself and
the names of those who acted on it. What only an unsealing may show never leaves.
"""

from __future__ import annotations

from casefile.events.envelope import Envelope, PartName

STAYS = frozenset(
    {
        "identity.stated", "identity.checked", "setting.changed", "monitor.stated", "monitor.checked",
        "gate.overridden", "document.versioned", "document.approved", "inquiry.opened", "inquiry.closed",
        "statement.made", "keyword.added", "search.recorded", "pseudonym.stated", "pseudonym.linked",
        "consent.stated", "object.repaired", "review.sent", "review.received", "element.stated", "element.linked",
    }
)  # fmt: skip
"""Types whose body tells how the collecting party works, what its copies are called, or who is protected."""
SAID = frozenset({"content.erased", "hold.stated"})
"""Types whose body holds people's grounds, or to whom an item went before: it stays although it tells of an item."""
OF_THE_ITEM = frozenset({"capture.sealed", "item.examined", "posts.read", "archive.read"})
"""Types whose personal part holds what the item says of itself."""
PERSON = "person.recorded"

WORDS = "words of people that nobody released"
PROTECTED = "protected"
OPERATIONAL = "it tells how the collecting party works"
ELSEWHERE = "it is of a capture that is left out"
NAMES = "names of people were withheld"
ERASED = "it was erased"
OF_OTHERS = "it tells of other items of the same capture"
REDACTED = "redacted: it would expose whoever collected"


def reason_to_stay(envelope: Envelope, part: PartName, *, of_left_out: bool, may_name: bool) -> str:
    """Why that part of that event stays; empty when it leaves.

    `of_left_out`: the event tells of a capture that is not in the package. `may_name`: the event records somebody whose
    name leaves.
    """
    if part is PartName.PROTECTED:
        return PROTECTED
    if envelope.type in STAYS:
        return OPERATIONAL
    if envelope.type in SAID:
        return WORDS
    if of_left_out and envelope.type in OF_THE_ITEM:
        return ELSEWHERE
    if part is PartName.BODY:
        return ""
    if envelope.type == PERSON:
        return "" if may_name else NAMES
    return "" if envelope.type in OF_THE_ITEM else WORDS
