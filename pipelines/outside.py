"""What an audit compares the log with: heads that others hold, by file or by asking them.

Only that tells what somebody with the log's key did. What was compared, and what therefore could not have been found,
is part of every audit's answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from casefile.errors import UsageError
from casefile.events.envelope import PartName
from casefile.events.types import payload
from casefile.events.types_of_custody import HeadWitnessed
from casefile.records.engine import Engine, reading
from casefile.records.reading import read_events_of
from casefile.settings import Settings
from casefile.workspace import Workspace
from pipelines.witnesses import WITNESSED, Configured, configured, fetch_head
from preservation.checkpoints import newest
from preservation.contradictions import Contradiction
from preservation.cosignatures import Witness
from preservation.cosigned_heads import newest_of, read_head
from preservation.custody_audit import CustodyAudit
from preservation.key_history import KeyHistory
from preservation.log_attacks import Outside as Reached
from preservation.notes import NoteMalformed
from preservation.problems import Problem
from preservation.witness_audit import WitnessAudit


@dataclass(frozen=True, slots=True)
class Outside:
    """What whoever audits brings along: a file with a signed head, keys of witnesses, the root key's fingerprint.

    With `ask` every witness of the settings that has an address is asked for its newest head.
    """

    head: Path | None = None
    witnesses: tuple[str, ...] = ()
    ask: bool = False
    root: str = ""

    def trusted(self) -> tuple[Witness, ...]:
        """The witnesses whose keys were given; raises UsageError for one that is none."""
        try:
            return tuple(map(Witness.parse, self.witnesses))
        except ValueError as error:
            raise UsageError(f"--witness: {error}") from error


@dataclass(frozen=True, slots=True)
class OutsideFound:
    """What the comparison gave. `silent` are the witnesses that were asked and did not answer, with the reason."""

    problems: tuple[Problem, ...] = ()
    reached: Reached = field(default_factory=lambda: Reached(0))
    contradiction: Contradiction | None = None
    silent: tuple[str, ...] = ()
    heads: int = 0

    def lines(self) -> Iterator[str]:
        """What could not have been found, for a person."""
        yield from self.silent
        yield from self.reached.lines()

    def plain(self) -> dict[str, object]:
        """The same for `--json`."""
        return {
            "attacks": self.reached.plain(),
            "outside": {"held": self.reached.held, "kept": self.reached.kept, "events": self.reached.events},
        }


def compare_outside(  # noqa: PLR0913
    workspace: Workspace,
    settings: Settings,
    outside: Outside,
    custody: CustodyAudit,
    history: KeyHistory,
    replayed: Engine,
) -> OutsideFound:
    """Compare the log with everything that is held outside. Nothing is asked unless `outside` says so."""
    trusted, witnessed, stated = outside.trusted(), _witnessed(replayed), configured(settings)
    known = (*trusted, *(one.witness for one in stated), *_named(witnessed))
    audit = WitnessAudit(workspace.log, custody, history, tuple(dict.fromkeys(known)), trusted)
    problems = list(audit.kept_problems(witnessed))
    silent: list[str] = []
    if outside.ask:
        for one in stated:
            problems += _asked(workspace, settings, history, audit, one, silent)
    problems += audit.demanded_problems()
    if outside.head is not None:
        problems += _brought(outside.head, custody, history, audit)
    try:
        shown = newest(workspace.log)
    except NoteMalformed:
        shown = None
    proof = audit.contradiction(shown if shown is not None and history.is_signed(shown) else None)
    reached = Reached(custody.events, audit.held, audit.kept)
    return OutsideFound(tuple(problems), reached, proof, tuple(silent), audit.heads)


def _brought(path: Path, custody: CustodyAudit, history: KeyHistory, audit: WitnessAudit) -> Iterator[Problem]:
    yield from custody.compare(path)
    try:
        head = read_head(path)
    except (NoteMalformed, OSError):
        return
    if history.is_signed(head) and not history.is_revoked(head):
        audit.weigh(head)


def _asked(  # noqa: PLR0913
    workspace: Workspace,
    settings: Settings,
    history: KeyHistory,
    audit: WitnessAudit,
    one: Configured,
    silent: list[str],
) -> Iterator[Problem]:
    if not one.url:
        return
    head, answer = fetch_head(settings, workspace.work, history.log, one)
    if head is None and answer.status != 404:
        reason = answer.failed or f"it answers {answer.status} and no cosigned head"
        silent.append(f"The witness {one.witness.name} was asked and gave nothing: {reason}.")
        return
    kept = newest_of(workspace.log, one.witness)
    yield from audit.asked_problems(one.witness, head, kept[0].head.size if kept else 0)


def _witnessed(replayed: Engine) -> list[HeadWitnessed]:
    with reading(replayed) as connection:
        events = [entry.event for entry in read_events_of(connection, WITNESSED)]
    bodies = [payload(event, PartName.BODY, HeadWitnessed) for event in events]
    return [body for body in bodies if isinstance(body, HeadWitnessed)]


def _named(witnessed: list[HeadWitnessed]) -> Iterator[Witness]:
    """The witnesses that the log itself names, also where the settings no longer do."""
    for text in dict.fromkeys(one.key for one in witnessed):
        try:
            yield Witness.parse(text)
        except ValueError:
            continue
