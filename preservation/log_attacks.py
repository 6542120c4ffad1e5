"""What whoever has the log's key can do to it, and up to which event an audit would have found it. Pure.

The eight are those of the threat model. With the key everything that lies in the workspace can be made to agree again:
only a head that somebody else holds tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class LogAttack(StrEnum):
    """One way to falsify a log."""

    EDIT = "edit"
    DELETE = "delete"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    CUT = "cut"
    REWRITE = "rewrite"
    RESTORE = "restore"
    REPLACE = "replace"


WORDS: Mapping[LogAttack, str] = {
    LogAttack.EDIT: "an event was changed",
    LogAttack.DELETE: "an event was taken out",
    LogAttack.REORDER: "events were put in another order",
    LogAttack.DUPLICATE: "an event was put in twice",
    LogAttack.CUT: "the newest events were cut off",
    LogAttack.REWRITE: "everything from some event on was written anew",
    LogAttack.RESTORE: "an earlier state of the whole workspace was put back",
    LogAttack.REPLACE: "the whole log was replaced by another one",
}
SHOWS_LESS = frozenset({LogAttack.CUT, LogAttack.RESTORE})
"""Those that leave a log which was once the true one: what lies in the workspace itself cannot tell them."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What was compared with: sizes of heads, 0 where there was none.

    `held` is of the largest head that was brought or fetched from outside, `kept` of the largest that lies in the
    workspace with the cosignature of a witness whose key was given from outside. `events` is what the log holds.
    """

    events: int
    held: int = 0
    kept: int = 0

    def found_up_to(self, attack: LogAttack) -> int:
        """The number of first events among which the attack would have been found; 0: it would not."""
        return min(self.events, self.held if attack in SHOWS_LESS else max(self.held, self.kept))

    def plain(self) -> list[dict[str, object]]:
        """For `--json`."""
        return [{"attack": attack.value, "found_up_to": self.found_up_to(attack)} for attack in LogAttack]

    def lines(self) -> Iterator[str]:
        """The same for a person: what this audit could not have found, if somebody had the log's key."""
        for reached in sorted({self.found_up_to(attack) for attack in LogAttack}):
            named = "; ".join(WORDS[attack] for attack in LogAttack if self.found_up_to(attack) == reached)
            if not reached:
                yield f"No head held outside tells. Somebody with the log's key could have done this unseen: {named}."
            elif reached < self.events:
                later = f"the {self.events - reached} events after event {reached}"
                yield f"To {later} somebody with the log's key could have done this unseen: {named}."
