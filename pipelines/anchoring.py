"""Whether anybody outside holds what the log begins with and its keys. As long as nobody does, every output says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from casefile.settings import Settings
from pipelines.custody import checkpoint
from pipelines.keys import history_of
from pipelines.services import Services, open_services
from pipelines.stamping import anchor, authorities_of
from pipelines.timestamps import is_anchored
from pipelines.witnesses import ask_witnesses, configured
from preservation.checkpoints import UNSTAMPED
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
NOT_THIS_HEAD = (
    "No witness holds this head of {size} events yet: the largest that one cosigned has {held}. "
    "`casefile checkpoint` asks them."
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
    return anchoring_by(history_of(services.engine, services.log.id), services.workspace.log, services.settings)


def unanchored(services: Services, size: int) -> tuple[str, ...]:
    """What of a head of that size nobody outside vouches for, in words; nothing where witness and authority do."""
    held, stamped = anchoring(services), is_anchored(services, size)
    this = "" if held.size >= size or not held.size else NOT_THIS_HEAD.format(size=size, held=held.size)
    return tuple(one for one in (held.text or this, "" if stamped else UNSTAMPED) if one)


def anchor_beginning(root: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Sign the first head of a new workspace, and ask the witnesses and authorities that are configured already.

    What nobody vouches for afterwards, in words. Where nobody is configured, nothing is signed and nothing goes out.
    """
    with open_services(root, environment) as services:
        if not configured(services.settings) and not services.settings.time.authorities:
            return (NOBODY, UNSTAMPED)
        authorities_of(services)
        signed, _is_new = checkpoint(services)
        ask_witnesses(services)
        anchor(services)
        return unanchored(services, signed.head.size)


def unwitnessed(history: KeyHistory, log: Path, settings: Settings) -> tuple[str, ...]:
    """What an audit says as long as nobody outside holds the beginning of a log and its keys."""
    text = anchoring_by(history, log, settings).text
    return (text,) if text else ()


def anchoring_by(history: KeyHistory, log: Path, settings: Settings) -> Anchoring:
    """The same of a log whose keys are known, also where its database is not."""
    found = [newest_of(log, one.witness) for one in configured(settings)]
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
