"""A second assessment on another machine: what goes holds nothing of the first one, what comes back is signed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casefile.clock import SystemClock
from casefile.errors import CasefileError, GateRefused, UsageError
from casefile.errors_verification import CarriedUnsound, StatementChanged
from casefile.events.envelope import PartName
from casefile.records.engine import reading
from casefile.records.queries import find_items
from casefile.records.reading import read_events, read_head
from casefile.vocabulary import PersonKind
from casefile.vocabulary_verification import ClaimKind
from cli.main import main
from pipelines.audit import audit_workspace
from pipelines.concluding import NewConclusion, conclude, state_claim
from pipelines.people import record_person
from pipelines.person_signing import identities_of, make_person_key
from pipelines.remarks import add_remark, change_tags
from pipelines.review_answering import answer
from pipelines.review_receiving import receive_answer
from pipelines.review_sending import described, send
from pipelines.reviewing import compare, release, submit, waive
from pipelines.sight import look
from pipelines.verifying import correct_step, record_step
from pipelines.written import checked
from verification.packets import PACKET, Answer, Packet, read_carried, readme_of, sheets_of
from verification.steps import NewStep

from .bench import ENVIRONMENT, Bench

ITEM, OTHER = "I-0001", "I-0002"
PASSPHRASE = "a passphrase of many words"
GOOD = {"method": "read it twice", "finding": "nothing speaks against it"}
CONCLUSION = {
    "verdict": "refuted",
    "standard": "reasonable-grounds",
    "confidence": "moderate",
    "confidence_reason": "one text only",
    "reliability": "B",
    "credibility": "2",
    "reasoning": "the words are another's",
    "consistency": "the strands agree",
}


@dataclass
class Elsewhere:
    """An investigation whose first assessment says `jetty`, with a packet of it and the colleague's key."""

    bench: Bench
    packet: Path
    key: Path
    answers: int = 0

    def fill(self, check: str = "facts", item: str = ITEM, **fields: Any) -> None:
        """Fill in one sheet."""
        sheet = {"check": check, "result": "supports", **GOOD, **fields}
        (self.packet / "sheets" / item / f"{check}.json").write_text(json.dumps(sheet))

    def answer(self) -> Path:
        """What the colleague sends back."""
        self.answers += 1
        to = self.packet.parent / f"answer-{self.answers}.json"
        answer(self.packet, to, (self.key, PASSPHRASE), SystemClock())
        return to


def assess(bench: Bench, word: str = "jetty", *, hand_in: bool = True) -> None:
    with bench.services() as services:
        for check in ("provenance", "facts"):
            step = {"check": check, "result": "supports", "method": f"looked for the {word}", "finding": f"the {word}"}
            record_step(services, ITEM, checked(step, NewStep))
        add_remark(services, ITEM, f"see the {word}")
        change_tags(services, ITEM, [word], remove=False)
        if hand_in:
            submit(services, ITEM)


@pytest.fixture(scope="module")
def sent(opened_with_items: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    folder = tmp_path_factory.mktemp("elsewhere")
    bench = Bench(Path(shutil.copytree(opened_with_items, folder / "case")))
    assess(bench)
    with bench.services() as services:
        make_person_key(services, "Bo", folder / "bo.key", PASSPHRASE)
        made = send(services, [ITEM], folder / "packet", "Bo", lambda _said: None)
    return Elsewhere(bench, made.path, folder / "bo.key")


@pytest.fixture
def elsewhere(sent: Elsewhere, tmp_path: Path) -> Elsewhere:
    bench = Bench(Path(shutil.copytree(sent.bench.root, tmp_path / "case")))
    return Elsewhere(bench, Path(shutil.copytree(sent.packet, tmp_path / "packet")), sent.key)


def held(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def size(bench: Bench) -> int:
    with bench.services() as services, reading(services.engine) as rows:
        return read_head(rows, services.log.id).size


def test_row_74_what_is_sent_holds_the_material_and_no_word_of_the_first_assessment(sent: Elsewhere) -> None:
    everything = held(sent.packet)
    assert b"words of one.txt" in everything
    assert b"jetty" not in everything
    packet = read_carried((sent.packet / PACKET).read_bytes(), Packet)
    assert [one.number for one in packet.items] == [ITEM]
    assert (sent.packet / "sheets" / ITEM / "provenance.toml").is_file()


RESULTS = st.sampled_from(["supports", "contradicts", "inconclusive"])
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=20)
CHECKS = st.sampled_from(["facts", "metadata", "integrity", "consistency"])


def test_row_74_a_packet_is_the_same_byte_for_byte_whatever_the_first_assessor_finds(
    opened_with_items: Path, tmp_path: Path
) -> None:
    """Property: no further step, remark or tag of the hidden assessment changes a byte of what would be sent."""
    bench = Bench(Path(shutil.copytree(opened_with_items, tmp_path / "case")))
    assess(bench, hand_in=False)
    with bench.services() as services:

        def packet() -> bytes:
            with reading(services.engine) as rows:
                item = described(rows, find_items(rows, [ITEM])[0])
            made = Packet(log=services.log.id, person="p", name="Bo", key="k", sent_at="t", items=(item,))
            return made.canonical() + readme_of(made).encode() + repr(list(sheets_of(item))).encode()

        before = packet()

        @given(check=CHECKS, result=RESULTS, word=WORDS)
        @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
        def act(check: str, result: str, word: str) -> None:
            step = {"check": check, "result": result, "method": word, "finding": word}
            record_step(services, ITEM, checked(step, NewStep))
            add_remark(services, ITEM, word)
            change_tags(services, ITEM, [word], remove=False)
            assert packet() == before

        act()


def test_row_74_the_answer_comes_back_as_signed_events_of_the_colleague(elsewhere: Elsewhere) -> None:
    elsewhere.fill("facts", result="contradicts")
    elsewhere.fill("metadata")
    back = elsewhere.answer()
    with elsewhere.bench.services() as services:
        received = receive_answer(services, back)
        assert [state.revealed for state in received.states.values()] == [True]
        compared = {one.check: (one.first, one.second) for one in compare(services, ITEM)}
        assert compared["facts"] == ("supports", "contradicts")
        with reading(services.engine) as rows:
            item = find_items(rows, [ITEM])[0].id
            steps = [one for one in look(rows, [item], "")[item].steps if one.recorded_by == received.person]
        proved = identities_of(services.engine, services.log.id, [one.event for one in steps])
        assert [one.identity for one in proved.values()] == ["authenticated", "authenticated"]
    before = size(elsewhere.bench)
    with elsewhere.bench.services() as services:
        assert receive_answer(services, back).already
    assert size(elsewhere.bench) == before
    elsewhere.bench.rebuild()
    report = audit_workspace(elsewhere.bench.root, ENVIRONMENT)
    assert [one.code for one in report.problems if one.code in ("P097", "P098")] == []
    with elsewhere.bench.services() as services:
        assert len(compare(services, ITEM)) == 3


def altered(path: Path) -> Iterator[tuple[str, bytes]]:
    """Answers that somebody changed on the way."""
    whole = read_carried(path.read_bytes(), Answer)

    def written(**fields: Any) -> bytes:
        return whole.model_copy(update=fields).canonical()

    def with_first(**fields: Any) -> bytes:
        return written(events=(whole.events[0].model_copy(update=fields), *whole.events[1:]))

    first = whole.events[0]
    body = first.parts[PartName.BODY]
    other = body.model_copy(update={"content": body.content.replace("supports", "contradicts")})
    yield "a result", with_first(parts={**first.parts, PartName.BODY: other})
    yield "a part less", with_first(parts={PartName.BODY: body})
    yield "the envelope", with_first(envelope=first.envelope.replace('"status":"recorded"', '"status":"reworded"'))
    yield "an event less", written(events=whole.events[2:])
    yield "a signature less", written(events=(whole.events[0], *whole.events[2:]))
    yield (
        "signatures changed about",
        written(events=(whole.events[0], whole.events[3], whole.events[2], whole.events[1])),
    )
    yield "an event twice", written(events=(*whole.events[:2], *whole.events))
    yield "a blank", path.read_bytes().replace(b",", b", ", 1)
    yield "a key twice", path.read_bytes().replace(b"{", b'{"format":"casefile-review-answer/1",', 1)
    yield "a piece", path.read_bytes()[:-20]
    yield "nothing", b""
    yield "NaN", b'{"format":NaN}'


def test_row_74_an_answer_that_somebody_changed_is_refused_whole(elsewhere: Elsewhere) -> None:
    elsewhere.fill()
    back = elsewhere.answer()
    before, changed = size(elsewhere.bench), back.with_name("changed.json")
    for what, content in altered(back):
        changed.write_bytes(content)
        with elsewhere.bench.services() as services, pytest.raises((CarriedUnsound, CasefileError)) as refusal:
            receive_answer(services, changed)
        assert not isinstance(refusal.value, StatementChanged), what
    assert size(elsewhere.bench) == before


def test_row_74_an_answer_needs_its_packet_its_key_and_an_assignment(elsewhere: Elsewhere, tmp_path: Path) -> None:
    elsewhere.fill()
    back = elsewhere.answer()
    whole = read_carried(back.read_bytes(), Answer)
    strange = tmp_path / "strange.json"
    strange.write_bytes(whole.model_copy(update={"packet": "sha256:" + "0" * 64}).canonical())
    with elsewhere.bench.services() as services:
        with pytest.raises(UsageError, match="sent no packet"):
            receive_answer(services, strange)
        release(services, ITEM, "she is ill")
        with pytest.raises(GateRefused, match="not assigned"):
            receive_answer(services, back)
        make_person_key(services, "Ana", tmp_path / "ana.key", PASSPHRASE)
    with pytest.raises(GateRefused, match="to be answered with the key"):
        answer(elsewhere.packet, tmp_path / "by-ana.json", (tmp_path / "ana.key", PASSPHRASE), SystemClock())


def test_with_a_key_every_act_is_signed_also_those_that_name_themselves(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """A correction links two events, and a review is judged in its own transaction: both have ids beforehand."""
    bench = elsewhere.bench
    with bench.services() as services:
        make_person_key(services, "Ana", tmp_path / "ana.key", PASSPHRASE)
    bench.settings |= {"CASEFILE_SIGN_WITH": str(tmp_path / "ana.key"), "CASEFILE_PASSPHRASE": PASSPHRASE}
    before = size(bench)
    with bench.services() as services:
        made = record_step(services, OTHER, checked({"check": "facts", "result": "supports", **GOOD}, NewStep))
        correct_step(services, made.event, checked({"check": "facts", "result": "contradicts", **GOOD}, NewStep), "no")
        claim = state_claim(services, "The words are true", [OTHER], ClaimKind.FACT)
        reasons = {"source": "known", "technical": "a text"}
        conclude(services, claim.claim, checked({**CONCLUSION, "not_applicable": reasons}, NewConclusion))
        waive(services, OTHER, "nobody is left")
    with bench.services() as services, reading(services.engine) as rows:
        done = [one.event.envelope for one in read_events(rows, before, read_head(rows, services.log.id).size)]
    acts = [one for one in done if one.type != "event.signed"]
    assert {one.type for one in acts} >= {"step.recorded", "statement.corrected", "conclusion.drawn", "step.reviewed"}
    assert {one.identity for one in acts} == {"authenticated"}
    assert len(done) == 2 * len(acts)
    with bench.services() as services:
        found = identities_of(services.engine, services.log.id, [one.id for one in acts])
    assert {one.identity for one in found.values()} == {"authenticated"}
    assert not audit_workspace(bench.root, ENVIRONMENT).problems


def test_row_74_a_key_that_the_log_never_stated_signs_nothing(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Somebody makes a packet name a key of their own and answers it in the colleague's name."""
    from preservation.durable import Disk
    from preservation.keys import create_protected

    own = create_protected(tmp_path / "own.key", PASSPHRASE, Disk())
    path = elsewhere.packet / PACKET
    packet = read_carried(path.read_bytes(), Packet)
    digest_of_sent = read_carried(_answered(elsewhere).read_bytes(), Answer).packet
    path.write_bytes(packet.model_copy(update={"key": own.public.fingerprint()}).canonical())
    forged = tmp_path / "forged.json"
    answer(elsewhere.packet, tmp_path / "made.json", (tmp_path / "own.key", PASSPHRASE), SystemClock())
    made = read_carried((tmp_path / "made.json").read_bytes(), Answer)
    forged.write_bytes(made.model_copy(update={"packet": digest_of_sent}).canonical())
    before = size(elsewhere.bench)
    with elsewhere.bench.services() as services, pytest.raises(CarriedUnsound, match="never stated"):
        receive_answer(services, forged)
    assert size(elsewhere.bench) == before


def _answered(elsewhere: Elsewhere) -> Path:
    elsewhere.fill()
    return elsewhere.answer()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"result": "true"}, "result"),
        ({"finding": ""}, "finding"),
        ({"finding": "turned \u202e round"}, "finding"),
        ({"regions": ["I-0002#t=1,2"]}, "I-0002"),
        ({"claim": "C-0009"}, "C-0009"),
        ({"check": "person"}, "forensic expert"),
    ],
)
def test_a_sheet_that_breaks_a_rule_is_named_and_nothing_is_signed(
    elsewhere: Elsewhere, fields: Mapping[str, Any], said: str
) -> None:
    elsewhere.fill(**{"check": "facts", **fields})
    with pytest.raises(CasefileError, match=said):
        elsewhere.answer()
    assert not list(elsewhere.packet.parent.glob("answer-*"))


def test_material_that_was_changed_on_the_way_is_not_assessed(elsewhere: Elsewhere) -> None:
    elsewhere.fill()
    (material,) = (elsewhere.packet / "material").iterdir()
    material.write_bytes(b"other words")
    with pytest.raises(CarriedUnsound, match="is not what was sent"):
        elsewhere.answer()


def test_a_packet_goes_to_whoever_is_assigned_and_has_a_key(elsewhere: Elsewhere, tmp_path: Path) -> None:
    with elsewhere.bench.services() as services:
        record_person(services, "Cy", PersonKind.INVESTIGATOR)
        with pytest.raises(GateRefused, match="nobody is assigned"):
            send(services, [OTHER], tmp_path / "one", "", lambda _said: None)
        with pytest.raises(GateRefused, match="no key of Cy"):
            send(services, [OTHER], tmp_path / "two", "Cy", lambda _said: None)
        with pytest.raises(GateRefused, match="somebody else"):
            send(services, [ITEM, OTHER], tmp_path / "three", "Bo", lambda _said: None)
    assert not list(tmp_path.glob("t*"))


def test_the_three_commands(
    elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = ["--workspace", str(elsewhere.bench.root), "--json"]
    assert main([*case, "review", "send", ITEM, "--to", str(tmp_path / "again")], ENVIRONMENT) == 0
    packet = Path(json.loads(capsys.readouterr().out)["path"])
    sheet = packet / "sheets" / ITEM / "facts.toml"
    text = sheet.read_text().replace('result = ""', 'result = "supports"').replace('method = ""', 'method = "read"')
    sheet.write_text(text.replace('finding = ""', 'finding = "it agrees"'))
    back = str(tmp_path / "back.json")
    answering = ["review", "answer", str(packet), "--to", back, "--sign-with", str(elsewhere.key)]
    monkeypatch.setattr("sys.stdin", None)
    assert main(["--workspace", str(tmp_path / "none"), *answering], ENVIRONMENT) == 2
    assert "CASEFILE_PASSPHRASE" in capsys.readouterr().err, "where nobody can be asked it says where it is put"
    assert main([*case, "review", "receive", back], ENVIRONMENT) == 2
    assert "there is no file" in capsys.readouterr().err
    environment = {**ENVIRONMENT, "CASEFILE_PASSPHRASE": PASSPHRASE}
    assert main(["--workspace", str(tmp_path / "none"), *answering], environment) == 0
    assert "no sheet for" in capsys.readouterr().out
    assert main([*case, "review", "receive", back], ENVIRONMENT) == 0
    (state,) = json.loads(capsys.readouterr().out)["items"].values()
    assert state == {"state": "both-in", "revealed": True}
    with elsewhere.bench.services() as services, reading(services.engine) as rows:
        head = read_head(rows, services.log.id)
        types = [one.event.envelope.type for one in read_events(rows, 0, head.size)]
    assert types[-5:] == ["step.recorded", "event.signed", "step.reviewed", "event.signed", "review.received"]
