"""What the instrument refused or changed of the requests of a capture, as its record lists it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from casefile.model import Alteration, Contact

LISTED_LIMIT = 1000
Key = tuple[str, str, str, str]


def alterations_of(contacts: Iterable[Contact]) -> tuple[Alteration, ...]:
    """Those of the broker, which follow from its contacts: each once, with how often."""
    counts: Counter[Key] = Counter(key for contact in contacts for key in _of_one(contact))
    return tuple(
        Alteration(by="broker", kind=kind, what=what, where=where, why=why, count=count)  # type: ignore[arg-type]
        for (kind, what, where, why), count in list(counts.items())[:LISTED_LIMIT]
    )


def told_by_method(alterations: Iterable[Alteration]) -> tuple[Alteration, ...]:
    """Those that a worker tells of itself: it cannot speak for the broker."""
    return tuple(one.model_copy(update={"by": "method"}) for one in alterations)[:LISTED_LIMIT]


def alteration_line(one: Alteration) -> str:
    """For a person."""
    return f"{one.kind} {one.count}x by the {one.by}: {one.what}, at {one.where}: {one.why}"


def _of_one(contact: Contact) -> Iterator[Key]:
    where = f"{contact.host}:{contact.port}"
    if contact.refused:
        yield "refused", "connection" if not contact.address else "request", where, contact.refused
    for name in contact.changed or ():
        yield "withheld", f"header {name}", where, "it is for one hop only (RFC 9110 section 7.6.1)"
