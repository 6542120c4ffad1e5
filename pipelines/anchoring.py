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


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The largest head that a witness cosigned, 0 without one, and the position of the newest statement of a key."""

    size: int
    keys_at: int

    @property
    def holds(self) -> bool:
        """Whether beginning and keys are under a head that a witness cosigned."""
        return self.keys_at < self.size

    @property
    def text(self) -> str:
        """What every output says as long as they are not; empty otherwise."""
        if self.holds:
            return ""
        return KEYS_SINCE.format(position=self.keys_at, size=self.size) if self.size else NOBODY


def anchoring(services: Services) -> Anchoring:
    """How far somebody outside holds this log, by the cosigned heads that are kept here."""
    history = history_of(services.engine, services.log.id)
    found = [newest_of(services.workspace.log, one.witness) for one in configured(services.settings)]
    sizes = [one[0].head.size for one in found if one is not None and history.is_signed(one[0])]
    return Anchoring(max(sizes, default=0), _keys_at(history))


def _keys_at(history: KeyHistory) -> int:
    return max((one.since for one in history.epochs), default=0)
