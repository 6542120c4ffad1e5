"""Whether anybody outside holds what the log begins with and its keys. As long as nobody does, every output says so."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.keys import history_of
from pipelines.services import Services
from pipelines.witnesses import configured
from preservation.cosigned_heads import newest_of
from preservation.key_history import KeyHistory

NOBODY = (
    "No one outside holds a head of this log: its beginning and its keys rest on its own word. Print `casefile keys "
    "card` and deposit it, and hand on `log/checkpoint` or name a witness (custody.witnesses)."
)
KEYS_SINCE = (
    "The newest statement of a key is event {position}; the largest head that a witness cosigned has {size} events. "
    "Until `casefile checkpoint` has a larger one cosigned, that key rests on the log's own word."
)


ROOT_REPLACED = (
    "The root key {fingerprint} took the place of a lost one at event {position}, without its word: hold its "
    "fingerprint against a card that was deposited, or a notarised statement (`casefile audit --root FINGERPRINT`)."
)


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The largest head that a witness cosigned, 0 without one, and the position of the newest statement of a key.

    `replaced` says that the root key took the place of a lost one; empty when it did not.
    """

    size: int
    keys_at: int
    replaced: str = ""

    @property
    def holds(self) -> bool:
        """Whether beginning and keys are under a head that a witness cosigned."""
        return self.keys_at < self.size

    @property
    def text(self) -> str:
        """What every output says as long as they are not; empty otherwise."""
        said = [self.replaced] if self.replaced else []
        if not self.holds:
            said.append(KEYS_SINCE.format(position=self.keys_at, size=self.size) if self.size else NOBODY)
        return " ".join(said)


def anchoring(services: Services) -> Anchoring:
    """How far somebody outside holds this log, by the cosigned heads that are kept here."""
    history = history_of(services.engine, services.log.id)
    found = [newest_of(services.workspace.log, one.witness) for one in configured(services.settings)]
    sizes = [one[0].head.size for one in found if one is not None and history.is_signed(one[0])]
    return Anchoring(max(sizes, default=0), _keys_at(history), _replaced(history))


def _keys_at(history: KeyHistory) -> int:
    stated = [*(one.since for one in history.epochs), *(position for position, _key in history.unvouched)]
    return max(stated, default=0)


def _replaced(history: KeyHistory) -> str:
    if not history.unvouched:
        return ""
    position, key = history.unvouched[-1]
    return ROOT_REPLACED.format(fingerprint=key.fingerprint(), position=position)
