"""A small workspace whose heads are stamped, and one that is broken in each way that an audit of stamps can find."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from casefile.clock import FrozenClock, rfc3339
from casefile.digests import sha256
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import ItemWords, SealedBody, SealedPersonal
from casefile.ids import CaptureId, derived
from casefile.model import TokenCited
from pipelines.asking import Answer
from pipelines.custody import checkpoint
from pipelines.opening import open_investigation
from pipelines.services import Services, open_services
from pipelines.stamping import Asked, Authority, asked_of, authorities_of, take_answer
from preservation.anchors import Anchor, anchor_at
from preservation.durable import Disk
from preservation.timestamps import Question, verify

from ..events.specimens import LEAD, LOCATOR, lead, record, started
from .authority import PAST, Certificates, info_of
from .cases import forged, said

AT = "20200601000000Z"
"""A time at which every certificate holds, also one that ended since."""


@dataclass(frozen=True)
class World:
    """The authorities that there are; each is made when it is first needed."""

    folder: Path

    @cached_property
    def good(self) -> Certificates:
        return Certificates(self.folder / "good")

    @cached_property
    def other(self) -> Certificates:
        """One with a root of its own that says the same name."""
        return Certificates(self.folder / "other")

    @cached_property
    def ended(self) -> Certificates:
        """One whose certificate ended long ago."""
        return Certificates(self.folder / "ended", "ended", until=PAST)

    @cached_property
    def unfit(self) -> Certificates:
        """One whose certificate is for signing code too."""
        return Certificates(self.folder / "unfit", "unfit", kind="two_uses")

    def environment(self, **urls: str) -> dict[str, str]:
        """The settings that name authorities: `good`, and those of the others that are given an address."""
        urls = {"good": "http://127.0.0.1:9/", **urls}
        named = [
            {"name": name, "url": url, "roots": str(getattr(self, name, self.good).roots)} for name, url in urls.items()
        ]
        allowed = [url.split("/")[2] for url in urls.values()]
        return {"CASEFILE_TIME__AUTHORITIES": json.dumps(named), "CASEFILE_EGRESS__ALLOW": json.dumps(allowed)}


@dataclass(frozen=True)
class Case:
    """A workspace with the settings that it is opened with."""

    root: Path
    world: World

    @property
    def settings(self) -> dict[str, str]:
        """What it is opened with: nothing where its own file names authorities."""
        names = "[[time.authorities]]" in (self.root / "casefile.toml").read_text("utf-8")
        return {} if names else self.world.environment()

    def open(self, **options: object) -> AbstractContextManager[Services]:
        return open_services(self.root, self.settings, **options)  # type: ignore[arg-type]

    def anchor(self, size: int = 7) -> Anchor:
        return anchor_at(self.root / "log", size, "good")

    def stamp(self, services: Services) -> None:
        """A head over everything, stamped by the good authority."""
        signed, _is_new = checkpoint(services)
        asked = asked_of(services, authorities_of(services)[0], signed)
        take_answer(services, asked, answered(self.world.good.answer(asked.question.to_bytes())))


def answered(content: bytes, status: int = 200) -> Answer:
    return Answer(status, "application/timestamp-reply", content, "")


def stamped(world: World, folder: Path) -> Case:
    """Two heads, of 4 events and of 7, stamped both, and one event more."""
    case = Case(open_investigation(folder, "Lake", "Ada", {}).root, world)
    with case.open() as services:
        case.stamp(services)
        said(services)
        case.stamp(services)
        said(services)
    return case


def forge(case: Case, make: Callable[[Asked], bytes], **changes: object) -> None:
    """A head that is stamped with whatever `make` gives, its files and its event alike: what our own keys could do.

    `changes` are what the event says otherwise; `head` is what was stamped.
    """
    with case.open() as services:
        said(services)
        signed, _is_new = checkpoint(services)
        authority = authorities_of(services)[0]
        asked = asked_of(services, authority, signed)
        stamped_content = changes.pop("head", asked.head)
        assert isinstance(stamped_content, bytes)
        asked = replace(asked, head=stamped_content, question=question_over(stamped_content))
        response = make(asked)
        anchor = anchor_at(services.workspace.log, asked.size, authority.name)
        chain = case.anchor().chain.read_bytes()
        anchor.keep(asked.head, asked.question.to_bytes(), response, chain, Disk())
        body = asked.body.model_copy(
            update={
                "response": sha256(response),
                "chain": sha256(chain),
                **described(response, asked.question, authority),
                **changes,
            }
        )
        services.append(draft("head.timestamped", body=body, outcome=EventOutcome(status="confirmed")))


def described(response: bytes, question: Question, authority: Authority) -> dict[str, object]:
    """What an event would say of a token, taken from it as far as it holds."""
    try:
        stamp = verify(response, question, authority.roots)
    except ValueError:
        return {"time": "2026-01-01T00:00:00.000000Z", "valid_until": "2066-01-01T00:00:00.000000Z"}
    return {
        "time": rfc3339(stamp.time),
        "accuracy_us": None if stamp.accuracy is None else int(stamp.accuracy.total_seconds() * 1_000_000),
        "policy": stamp.policy,
        "serial": str(stamp.serial),
        "signer": stamp.chain[0].fingerprint,
        "root": stamp.chain[-1].fingerprint,
        "valid_until": rfc3339(stamp.valid_until),
    }


def question_over(content: bytes, nonce: int = 1 << 62) -> Question:
    return Question(hashlib.sha256(content).digest(), nonce)


def file_gone(case: Case) -> None:
    case.anchor().request.unlink()


def file_changed(case: Case) -> None:
    path = case.anchor().chain
    path.write_bytes(path.read_bytes() + b"\n")


def garbage(case: Case) -> None:
    forge(case, lambda _asked: b"<html>Service unavailable</html>")


def other_bytes(case: Case) -> None:
    forge(case, lambda asked: case.world.good.answer(question_over(b"something else").to_bytes()))


def flipped_signature(case: Case) -> None:
    forge(case, lambda asked: flip_last(case.world.good.answer(asked.question.to_bytes())))


def flip_last(content: bytes) -> bytes:
    """The signature stands last."""
    return content[:-1] + bytes([content[-1] ^ 1])


def unfit_certificate(case: Case) -> None:
    forge(case, lambda asked: case.world.unfit.handmade(info_of(asked.question, AT)))


def another_authority(case: Case) -> None:
    forge(case, lambda asked: case.world.other.answer(asked.question.to_bytes()))


def ended_before(case: Case) -> None:
    use(case, case.world.ended)
    forge(case, lambda asked: case.world.ended.answer(asked.question.to_bytes()))


def another_request(case: Case) -> None:
    forge(case, lambda asked: case.world.good.answer(replace(asked.question, nonce=5).to_bytes()))


def too_inaccurate(case: Case) -> None:
    forge(case, lambda asked: case.world.good.handmade(info_of(asked.question, AT, accuracy_s=3600)))


def never_renewed(case: Case) -> None:
    use(case, case.world.ended)
    forge(case, lambda asked: case.world.ended.handmade(info_of(asked.question, AT)))


def use(case: Case, certificates: Certificates) -> None:
    """Trust the roots of another authority as well: a PEM file holds as many as one likes."""
    roots = case.root / "roots.pem"
    roots.write_bytes(case.world.good.roots.read_bytes() + certificates.roots.read_bytes())
    named = f'[[time.authorities]]\nname = "good"\nurl = "http://127.0.0.1:9/"\nroots = "{roots}"\n'
    path = case.root / "casefile.toml"
    path.write_text(path.read_text("utf-8") + "\n" + named, "utf-8")


def stranger(case: Case) -> None:
    (case.root / "log/anchors/notes.txt").write_text("put here")


def clock_ahead(case: Case) -> None:
    clock = FrozenClock(datetime(2031, 1, 1, tzinfo=UTC))
    with case.open(clock=clock) as services:
        said(services)
    with case.open() as services:
        case.stamp(services)


def foreign_head(case: Case) -> None:
    content = forged(case.root, 10, bytes(32), case.root / "keys/log.key")
    forge(case, lambda asked: case.world.good.answer(asked.question.to_bytes()), head=content)


def other_time_said(case: Case) -> None:
    answer = case.world.good.answer
    forge(case, lambda asked: answer(asked.question.to_bytes()), time="2026-01-01T00:00:00.000000Z")


def unknown_token_cited(case: Case) -> None:
    cited = TokenCited(event="x", token=sha256(b""), time="2026-01-01T00:00:00.000000Z", authority="good")
    with case.open() as services:
        capture = CaptureId(derived(services.log.id, "capture", "1"))
        circumstances = record().circumstances.model_copy(update={"capture": capture, "not_before": cited})
        body = SealedBody(
            record=record().model_copy(update={"circumstances": circumstances}),
            object_id=f"urn:uuid:{capture}",
            inventory="sha512:" + "d" * 128,
        )
        subjects = (Subject(kind="item", id=capture, count=2), Subject(kind="lead", id=circumstances.lead))
        words = SealedPersonal(items=(ItemWords(position=0), ItemWords(position=1)))
        outcome = EventOutcome(status="captured")
        services.append(lead(LEAD, LOCATOR), started(LEAD, capture))
        services.append(draft("capture.sealed", *subjects, body=body, personal=words, outcome=outcome))


TIMED: Mapping[str, Callable[[Case], None]] = {
    "P120": file_gone,
    "P121": file_changed,
    "P122": garbage,
    "P123": other_bytes,
    "P124": flipped_signature,
    "P125": unfit_certificate,
    "P126": another_authority,
    "P127": ended_before,
    "P128": another_request,
    "P129": too_inaccurate,
    "P130": never_renewed,
    "P131": stranger,
    "P132": clock_ahead,
    "P133": foreign_head,
    "P134": other_time_said,
    "P135": unknown_token_cited,
}
"""What breaks a workspace with stamps so that an audit says this code."""
