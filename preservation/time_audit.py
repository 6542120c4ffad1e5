"""Auditing time stamps: files against events, tokens against heads and roots, wall times against what is proved.

Everything is checked at the token's own time. A certificate that ended since is no finding while a later token, made
before that, covers the event that names this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from casefile.clock import parse_rfc3339, rfc3339
from casefile.digests import sha256
from casefile.events.timestamping import HeadTimestamped
from preservation.anchors import Anchor, anchor_at, anchored_sizes, answered, read_bounded, strangers
from preservation.brackets import Bracket, Brackets, TokenMark
from preservation.certificates import Certificate, CertificateUnusable, read_roots
from preservation.checkpoints import SignedCheckpoint
from preservation.durable import is_there
from preservation.notes import NoteMalformed
from preservation.problems import Problem, problem
from preservation.timestamps import Fault, Question, Stamp, TokenRefused, verify

CODES: Mapping[Fault, str] = {
    Fault.MALFORMED: "P122",
    Fault.NOT_GRANTED: "P122",
    Fault.IMPRINT: "P123",
    Fault.SIGNATURE: "P124",
    Fault.PURPOSE: "P125",
    Fault.UNTRUSTED: "P126",
    Fault.EXPIRED: "P127",
    Fault.NONCE: "P128",
    Fault.POLICY: "P128",
    Fault.ACCURACY: "P129",
}
SHOWN_DIGEST = 23
"""Characters of a digest that a finding shows."""

WhyNotOurs = Callable[[SignedCheckpoint], str]


@dataclass(frozen=True, slots=True)
class NamedToken:
    """A token that an event of the log names, at that position."""

    event: str
    position: int
    body: HeadTimestamped


@dataclass(frozen=True, slots=True)
class Claim:
    """A wall time that something says of itself, with where it stands and what proves otherwise."""

    where: str
    wall: str
    bracket: Bracket


class TimeAudit:
    """The time stamps of one log. `tokens` counts those that hold; `unrooted` names authorities without roots here.

    `roots` are those that the settings name, by authority. A token of another one is checked against the certificates
    that were stored with it, which shows damage and no forgery.
    """

    def __init__(
        self,
        log: Path,
        named: Sequence[NamedToken],
        roots: Mapping[str, Sequence[Certificate]],
        why_not_ours: WhyNotOurs,
    ) -> None:
        self._log = log
        self._named = named
        self._roots = roots
        self._why_not_ours = why_not_ours
        self.tokens = 0
        self.unrooted: set[str] = set()
        self.marks: Mapping[str, TokenMark] = {}
        """The tokens that hold, by the events that name them, once `problems` was read to its end."""

    @property
    def brackets(self) -> Brackets:
        """What the tokens that hold prove."""
        return Brackets(self.marks.values())

    def problems(self, now: datetime) -> Iterator[Problem]:
        """Everything about the tokens and their files; `now` tells which certificates have ended."""
        held: list[tuple[NamedToken, Stamp]] = []
        for one in self._named:
            anchor = anchor_at(self._log, one.body.size, one.body.authority)
            found = list(self._files(anchor, one.body))
            yield from found
            if not found:
                stamp, found = self._verified(anchor, one.body)
                yield from found
                if stamp is not None and not found:
                    held.append((one, stamp))
        self.tokens = len(held)
        self.marks = {one.event: _mark(one, stamp) for one, stamp in held}
        yield from self._ended(held, now)
        yield from self._others()

    def _files(self, anchor: Anchor, body: HeadTimestamped) -> Iterator[Problem]:
        digests = (body.head, body.request, body.response, body.chain)
        for path, expected in zip(anchor.files, digests, strict=True):
            where = self._where(path)
            if not is_there(path):
                yield problem("P120", where, size=str(body.size))
            elif path.is_symlink() or not path.is_file():
                yield problem("P131", where)
            elif (found := sha256(read_bounded(path))) != expected:
                yield problem("P121", where, found=found[:SHOWN_DIGEST], expected=expected[:SHOWN_DIGEST])

    def _verified(self, anchor: Anchor, body: HeadTimestamped) -> tuple[Stamp | None, list[Problem]]:
        """What the token says, and what is wrong with it or with what was stamped."""
        problems = []
        head, where = read_bounded(anchor.head), self._where(anchor.response)
        if reason := self._no_head(head, body.size):
            problems.append(problem("P133", self._where(anchor.head), reason=reason))
        try:
            question = Question.parse(read_bounded(anchor.request))
            if sha256(head) != f"sha256:{question.digest.hex()}":
                raise TokenRefused(Fault.IMPRINT, "it was not asked for the head")
            stamp = verify(read_bounded(anchor.response), question, self._roots_of(anchor))
        except TokenRefused as refused:
            fields = {"reason": refused.reason, "authority": anchor.authority}
            return None, [*problems, problem(CODES[refused.fault], where, **fields)]
        except CertificateUnusable as error:
            return None, [*problems, problem("P122", self._where(anchor.chain), reason=str(error))]
        problems += [
            problem("P134", where, said=said, found=found) for said, found in _differences(body, stamp) if said != found
        ]
        return stamp, problems

    def _roots_of(self, anchor: Anchor) -> Sequence[Certificate]:
        if anchor.authority in self._roots:
            return self._roots[anchor.authority]
        self.unrooted.add(anchor.authority)
        return read_roots(read_bounded(anchor.chain))[-1:]

    def _no_head(self, content: bytes, size: int) -> str:
        try:
            signed = SignedCheckpoint.parse(content)
        except NoteMalformed as error:
            return str(error)
        if signed.head.size != size:
            return f"it is of {signed.head.size} events"
        return self._why_not_ours(signed)

    def _ended(self, held: Sequence[tuple[NamedToken, Stamp]], now: datetime) -> Iterator[Problem]:
        """The tokens whose certificates ended before another token covered them."""
        for one, stamp in held:
            if stamp.valid_until >= now:
                continue
            renewed = any(mark.size > one.position and mark.latest <= stamp.valid_until for mark in self.marks.values())
            if not renewed:
                where = self._where(anchor_at(self._log, one.body.size, one.body.authority).response)
                yield problem("P130", where, ended=rfc3339(stamp.valid_until))

    def _others(self) -> Iterator[Problem]:
        """What lies among the anchors and is of no token that an event names."""
        for path in strangers(self._log):
            yield problem("P131", self._where(path))
        named = {(one.body.size, one.body.authority) for one in self._named}
        for size in anchored_sizes(self._log):
            for anchor in answered(self._log, size):
                # One that holds was answered, and a crash came before its event: the next stamping takes it up.
                if (size, anchor.authority) not in named and not self._holds(anchor, size):
                    yield problem("P131", self._where(anchor.response))

    def _holds(self, anchor: Anchor, size: int) -> bool:
        if not all(is_there(path) and path.is_file() and not path.is_symlink() for path in anchor.files):
            return False
        try:
            question = Question.parse(read_bounded(anchor.request))
            verify(read_bounded(anchor.response), question, self._roots_of(anchor))
        except (TokenRefused, CertificateUnusable):
            return False
        head = read_bounded(anchor.head)
        return not self._no_head(head, size) and sha256(head) == f"sha256:{question.digest.hex()}"

    def _where(self, path: Path) -> str:
        return f"{self._log.name}/{path.relative_to(self._log).as_posix()}"


def outside(claims: Iterable[Claim]) -> Iterator[Problem]:
    """The wall times that lie outside what time stamps prove of them. They are named, and never corrected."""
    for one in claims:
        try:
            wall = parse_rfc3339(one.wall)
        except ValueError:
            yield problem("P132", one.where, wall=one.wall, side="at a time")
            continue
        if one.bracket.holds(wall):
            continue
        after, before = one.bracket.after, one.bracket.before
        if after is not None and wall < after.earliest:
            side = f"after {rfc3339(after.earliest)}, by {after.authority}"
        else:
            side = f"before {rfc3339(before.latest)}, by {before.authority}" if before else ""
        yield problem("P132", one.where, wall=one.wall, side=side)


def _mark(one: NamedToken, stamp: Stamp) -> TokenMark:
    accuracy = stamp.accuracy or timedelta()
    body = one.body
    return TokenMark(one.event, one.position, body.size, body.response, body.authority, stamp.time, accuracy)


def _differences(body: HeadTimestamped, stamp: Stamp) -> Iterator[tuple[str, str]]:
    """What the event says of the token, beside what the token says."""
    accuracy = "none" if stamp.accuracy is None else str(stamp.accuracy // timedelta(microseconds=1))
    yield body.time, rfc3339(stamp.time)
    yield "none" if body.accuracy_us is None else str(body.accuracy_us), accuracy
    yield body.policy, stamp.policy
    yield body.serial, str(stamp.serial)
    yield body.signer, stamp.chain[0].fingerprint
    yield body.root, stamp.chain[-1].fingerprint
    yield body.valid_until, rfc3339(stamp.valid_until)
