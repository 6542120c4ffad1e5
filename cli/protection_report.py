"""How people under pseudonyms and their consents are printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from casefile.records.protection import ConsentRecord
from cli import output


def pseudonym_lines(described: Mapping[str, Any]) -> Iterator[str]:
    """Somebody in full, without the name."""
    kept = "a name is sealed" if described["named"] else "no name is kept"
    yield f"{described['number']} {described['pseudonym'] or '(erased)'}, {described['role']}; {kept}"
    if described["note"]:
        yield f"    {described['note']}"
    for one in described["consents"]:
        what = f"until {one['until']}" if one["given"] else "withdrawn"
        place = f"{one['use']} by {one['recipient'] or '(erased)'}"
        yield f"    consent {one['number']} to {place}: {what}, {one['stated_at'][:10]} ({one['how']})"
    if described["items"]:
        yield f"    shown in {', '.join(described['items'])}"


def say_consents(consents: Sequence[ConsentRecord], *, as_json: bool) -> None:
    """What somebody now consents to."""
    if as_json:
        output.document({"consents": [asdict(one) for one in consents]})
        return
    rows = [(one.use, one.recipient, one.until or "", "given" if one.given else "withdrawn") for one in consents]
    output.table(("use", "recipient", "until", "state"), rows)
