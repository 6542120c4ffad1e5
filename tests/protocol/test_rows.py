"""Rows 8, 10, 13, 15 to 18, 25, 31, 59 to 61, 78 and 79 of the Protocol's obligations, each with the failing case.

What a row asks of other rooms in full is shown by their own tests, which docs/protocol.md names; here is the case that
fails, and what the table of conformance says of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import ValidationError

from casefile.errors import CasefileError, GateRefused, UnknownItem, UnknownPerson, UsageError
from casefile.events.envelope import Envelope, EventOutcome, PartName, Subject
from casefile.events.port import draft
from casefile.events.timestamping import HeadTimestamped
from casefile.events.types import ContentErased
from casefile.events.types_of_custody import ReplicaChecked, ReplicaStated
from casefile.events.types_packages import PackageRecipient, PackageReleased
from casefile.ids import EventId
from casefile.model import ToolUse
from casefile.records.engine import reading
from casefile.records.monitors import MonitorRecord
from casefile.records.queries import find_items
from casefile.records.timestamps import list_timestamps
from casefile.refusals import FieldRefused, UnknownRecord
from casefile.settings import ReplicaSettings
from casefile.vocabulary import ContainmentLevel, PersonKind, Purpose
from casefile.vocabulary_planning import DocumentKind
from disclosure.leaving import OPERATIONAL, PROTECTED, WORDS, reason_to_stay
from pipelines.copying import back_up
from pipelines.elements import link_element, matrix, state_element
from pipelines.erasing import erase_items
from pipelines.exporting import ExportRequest, export_items
from pipelines.handed_over import ImportRequest, import_files
from pipelines.identity_session import open_session
from pipelines.investigation_report import table_of
from pipelines.method_report import item_report
from pipelines.monitor import add_monitor, parse_interval
from pipelines.people import record_person
from pipelines.previewing import NoPreview, open_preview
from pipelines.protecting import give_consent, link_items, state_pseudonym
from pipelines.releasing import Asked, require_release
from pipelines.replicas import Replica, lacking
from pipelines.searching import search_workspace
from pipelines.sight import viewer_of
from pipelines.verifying import record_step
from pipelines.written import checked
from verification.steps import NewStep

from .bench import DATES, Bench, open_bench

ITEM, OTHER = "I-0001", "I-0002"
COURT = "the court"


def standing(bench: Bench, row: int) -> tuple[str, str]:
    """How the investigation stands against a row, and why."""
    with bench.services() as services:
        found = next(one for one in table_of(services) if one["row"] == row)
    assert found["events"] or found["named"], "every standing leads to an event"
    return found["standing"], found["why"]


def of_item(bench: Bench, row: int, item: str = ITEM) -> str:
    with bench.services() as services:
        return next(str(one["standing"]) for one in item_report(services, item)["conformance"] if one["row"] == row)


def envelope(kind: str) -> Envelope:
    clock = {"boot": "b", "monotonic_ns": "1", "source": "kernel"}
    return Envelope.model_validate(
        {"actor": "person:p", "clock": clock, "id": "e", "log": "l", "recorded_at": "t", "run": "r", "type": kind}
    )


@pytest.mark.parametrize("kind", ["identity.stated", "identity.checked", "setting.changed", "monitor.stated"])
def test_row_8_what_tells_how_the_team_works_stays_at_home(kind: str) -> None:
    for part in (PartName.BODY, PartName.PERSONAL):
        assert reason_to_stay(envelope(kind), part, of_left_out=False, may_name=True) == OPERATIONAL
    assert reason_to_stay(envelope(kind), PartName.PROTECTED, of_left_out=False, may_name=True) == PROTECTED
    assert reason_to_stay(envelope("capture.sealed"), PartName.BODY, of_left_out=False, may_name=True) == ""


@pytest.mark.parametrize("field", ["name", "version"])
def test_row_10_a_tool_without_name_or_version_is_no_record(field: str) -> None:
    given = {"name": "python", "version": "3.11"}
    ToolUse.model_validate(given)
    for missing in ({}, {field: None}):
        with pytest.raises(ValidationError, match=field):
            ToolUse.model_validate({**{name: one for name, one in given.items() if name != field}, **missing})


def test_row_13_nothing_is_deleted_without_a_reason_and_a_second_person(filled: Bench) -> None:
    with filled.services() as services:
        with pytest.raises(UsageError, match="basis"):
            erase_items(services, [ITEM], " ", "Bo")
        with pytest.raises(GateRefused):
            erase_items(services, [ITEM], "its author asked", "Ana")
        with reading(services.engine) as rows:
            assert find_items(rows, [ITEM])[0].sha256


def test_row_15_nothing_is_handed_over_to_nobody_and_a_package_without_agreement_is_told(filled: Bench) -> None:
    with filled.services() as services, pytest.raises(UsageError, match="somebody whom they are for"):
        export_items(services, ExportRequest((ITEM,), filled.root.parent / "p", " "), lambda _said: None)
    assert standing(filled, 15) == ("not applicable", "nothing was handed over")

    def released(agreement: str) -> None:
        body = PackageReleased(package="p", size=1, signature="s", items=(), captures=(), files=1, bytes=1, left_out=0)
        personal = PackageRecipient(recipient=COURT, agreement=agreement)
        with filled.services() as services:
            services.append(draft("package.released", Subject(kind="package", id="p"), body=body, personal=personal))

    released("of 3 May")
    assert standing(filled, 15)[0] == "met"
    released("")
    assert standing(filled, 15) == ("not met", "1 of 2 packages name no agreement")


AGREED = {**DATES, "agreement": "memorandum of 3 May", "purpose": "one case", "until": "2026-12-31"}


def test_row_15_without_an_agreement_nothing_leaves_where_gates_are_enforced(filled: Bench) -> None:
    leave(filled)
    assert filled.overrides()[-1][0] == "warned"
    filled.settings["CASEFILE_GATES__MODE"] = "enforce"
    with pytest.raises(GateRefused, match="no agreement with the court"):
        leave(filled)
    with pytest.raises(GateRefused, match="named and not recorded"):
        leave(filled, agreement="letter of 3 May")
    filled.record(DocumentKind.AGREEMENT, COURT, **AGREED)
    leave(filled)
    filled.rebuild()
    leave(filled)


def test_row_15_an_agreement_that_is_named_and_not_recorded_is_on_the_record(filled: Bench) -> None:
    leave(filled, agreement="letter of 3 May")
    assert filled.overrides() == [], "nobody records agreements here"
    filled.record(DocumentKind.AGREEMENT, "a partner", **AGREED)
    leave(filled, agreement="letter of 3 May")
    status, body = filled.overrides()[-1]
    assert status == "warned"
    assert "is named and not recorded" in body


@pytest.mark.parametrize("spelt", [COURT.upper(), f" {COURT.replace(' ', '  ')} "])
def test_row_15_another_spelling_of_the_recipient_passes_no_agreement_by(filled: Bench, spelt: str) -> None:
    filled.record(DocumentKind.AGREEMENT, COURT, **{**AGREED, "until": "2026-11-29"})
    with pytest.raises(GateRefused, match="ended on 2026-11-29"):
        leave(filled, agreement="memorandum of 3 May", recipient=spelt)


def test_row_15_composed_and_decomposed_names_are_one_recipient(filled: Bench) -> None:
    filled.record(DocumentKind.AGREEMENT, "Cour pénale", **{**AGREED, "until": "2026-11-29"})
    with pytest.raises(GateRefused, match="ended on 2026-11-29"):
        leave(filled, recipient="Cour p\u0065\u0301nale")


def test_row_15_an_agreement_that_was_erased_is_unknown_and_not_none(filled: Bench) -> None:
    made = filled.record(DocumentKind.AGREEMENT, COURT, **{**AGREED, "until": "2026-11-29"})
    with filled.services() as services:
        grounds = ContentErased(basis="asked for", approved_by="Bo")
        services.log.erase(EventId(made.document.event), PartName.BODY, grounds, services.actor)
    filled.settings["CASEFILE_GATES__MODE"] = "enforce"
    with pytest.raises(GateRefused, match="a document was erased"):
        leave(filled, agreement="memorandum of 3 May")


@pytest.mark.parametrize("mode", ["record", "warn", "enforce"])
def test_row_15_under_an_agreement_that_has_ended_nothing_leaves(filled: Bench, mode: str) -> None:
    filled.settings["CASEFILE_GATES__MODE"] = mode
    filled.record(DocumentKind.AGREEMENT, COURT, **{**AGREED, "until": "2026-11-29"})
    for named in ("", "memorandum of 3 May"):
        with pytest.raises(GateRefused, match="ended on 2026-11-29"):
            leave(filled, agreement=named)
    if mode == "enforce":
        with pytest.raises(GateRefused, match="named and not recorded"):
            leave(filled, agreement="letter of 1 December")
    else:
        leave(filled, agreement="letter of 1 December")
    leave(filled, "prolonged by word of mouth on 30 November")
    assert filled.overrides()[-1][0] == "overridden"


def test_row_16_one_investigation_knows_nothing_of_another(filled: Bench, tmp_path: Path) -> None:
    other = open_bench(tmp_path / "other")
    with filled.services() as services:
        assert search_workspace(services, "one.txt", 5)
        known = services.person_id
    with other.services() as services:
        assert search_workspace(services, "one.txt", 5) == []
        with reading(services.engine) as rows, pytest.raises(UnknownItem):
            find_items(rows, [ITEM])
        assert services.person_id != known


def test_row_17_a_copy_is_not_kept_within_what_it_copies(filled: Bench) -> None:
    with filled.services() as services:
        for target in (filled.root, filled.root / "work" / "copy", filled.root.parent):
            with pytest.raises(UsageError, match="outside the workspace"):
                back_up(services, target)


def test_row_18_nobody_collects_under_an_identity_that_is_not_registered(bench: Bench) -> None:
    with bench.services() as services, pytest.raises(CasefileError, match="Nobody"):
        open_session(services, "Nobody", Purpose.WORK, ContainmentLevel.FULL, lambda _said: None)


def watch(bench: Bench, **fields: Any) -> MonitorRecord:
    listed = bench.root.parent / "list.txt"
    listed.write_text("https://example.test/\n")
    with bench.services() as services:
        given = MonitorRecord("", "News", "list", str(listed), 3600, "work", False, "weekly reports", "", "")
        given = replace(given, id=services.clock.mint(), owner="Ana", operator="Bo")
        return add_monitor(services, replace(given, **fields), lambda _said: None)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"why": " "}, UsageError),
        ({"owner": ""}, UsageError),
        ({"operator": ""}, UsageError),
        ({"operator": "Nobody"}, UnknownPerson),
        ({"name": ""}, UsageError),
    ],
)
def test_row_25_a_watch_has_justification_owner_operator_and_frequency(
    bench: Bench, fields: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        watch(bench, **fields)
    with pytest.raises(UsageError, match="at most once a minute"):
        parse_interval("0m")
    assert standing(bench, 25)[0] == "not applicable"


def test_row_25_a_watch_that_has_all_four_keeps_them(bench: Bench) -> None:
    made = watch(bench)
    with bench.services() as services:
        bo = record_person(services, "Cy", PersonKind.INVESTIGATOR)
        assert made.owner == services.person_id != made.operator != bo.id
    bench.rebuild()
    assert standing(bench, 25)[0] == "met"


def test_row_31_what_was_collected_without_full_containment_is_not_called_safe(filled: Bench) -> None:
    assert of_item(filled, 31) == "not met", "it was imported with weak containment"


SIGNATURE = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE" + "!$H+H*"
"""What scanners take for malware and harms nothing; in pieces, so that none takes this file for it."""


def test_row_31_a_test_signature_is_never_opened_as_it_is(bench: Bench, tmp_path: Path) -> None:
    handed = tmp_path / "handed"
    handed.mkdir()
    (handed / "a-tool.com").write_text(SIGNATURE)
    words = PngInfo()
    words.add_text("Comment", SIGNATURE)
    Image.new("RGB", (64, 48), "teal").save(handed / "b-picture.png", pnginfo=words)
    assert SIGNATURE.encode() in (handed / "b-picture.png").read_bytes()
    with bench.services() as services:
        import_files(services, ImportRequest((handed,), "Bora", level=ContainmentLevel.WEAK), lambda _result: None)
        with pytest.raises(NoPreview):
            open_preview(services, ITEM, ContainmentLevel.WEAK)
        shown = open_preview(services, OTHER, ContainmentLevel.WEAK)
        assert shown.read_bytes().startswith(b"\xff\xd8"), "a picture that was drawn anew"
    kept = [path for path in bench.root.rglob("*") if path.is_file() and SIGNATURE.encode() in path.read_bytes()]
    vault = [path for path in kept if path.is_relative_to(bench.root / "vault")]
    assert len(vault) == 2
    assert not any(path.stat().st_mode & 0o333 for path in vault), "nobody writes it, nobody runs it"
    assert not any(path.is_relative_to(bench.root / "work") for path in kept), "nor is a copy of it left to be opened"


NOW = datetime(2026, 11, 30, tzinfo=UTC)
THREE = ReplicaSettings(copies=3, media=2, sites=2)


def test_row_59_two_copies_or_one_site_do_not_comply() -> None:
    checked_at = "2026-11-29T00:00:00.000000Z"
    tape = Replica("1", "a", "/a", "tape", "Osh", "passed", checked_at)
    disk = Replica("2", "b", "/b", THREE.medium, THREE.site, "passed", checked_at)
    assert lacking([tape, disk], THREE, NOW) == []
    assert lacking([tape], THREE, NOW) == ["2 copies where 3 are asked for"]
    assert any("1 sites" in one for one in lacking([replace(tape, site=THREE.site), disk], THREE, NOW))
    assert any("1 media" in one for one in lacking([replace(tape, medium=THREE.medium), disk], THREE, NOW))
    assert lacking([replace(tape, status="failed"), disk], THREE, NOW), "a copy that did not prove whole counts not"
    assert lacking([tape, disk], THREE, NOW + timedelta(days=400)), "nor one that nobody checked again"


def test_row_59_the_table_says_what_is_lacking(filled: Bench) -> None:
    filled.settings |= {
        "CASEFILE_REPLICAS__COPIES": "2",
        "CASEFILE_REPLICAS__MEDIA": "1",
        "CASEFILE_REPLICAS__SITES": "1",
    }
    assert standing(filled, 59) == ("not met", "1 copies where 2 are asked for")
    with filled.services() as services:
        subject = Subject(kind="replica", id=services.clock.mint())
        stated = ReplicaStated.model_validate({"name": "first", "place": "/copy", "medium": "tape", "site": "Osh"})
        services.append(draft("replica.stated", subject, body=stated, outcome=EventOutcome(status="registered")))
        fields = {name: 0 for name, one in ReplicaChecked.model_fields.items() if one.is_required()}
        body = ReplicaChecked.model_validate(fields)
        services.append(draft("replica.checked", subject, body=body, outcome=EventOutcome(status="passed")))
    assert standing(filled, 59)[0] == "met"


def test_row_60_a_refreshed_copy_leaves_the_originals_digest_as_it_was(filled: Bench, tmp_path: Path) -> None:
    assert standing(filled, 60)[0] == "not met"

    def digests() -> list[tuple[str | None, str | None]]:
        with filled.services() as services, reading(services.engine) as rows:
            return [(one.sha256, one.wire_sha256) for one in find_items(rows, [ITEM, OTHER])]

    before = digests()
    with filled.services() as services:
        back_up(services, tmp_path / "copy")
    assert digests() == before
    found, why = standing(filled, 60)
    assert (found, "no format is migrated" in why) == ("met", True)
    copied = next(path for path in (tmp_path / "copy" / "vault").rglob("content/files/*") if path.is_file())
    copied.chmod(0o600)
    copied.write_bytes(b"x" * copied.stat().st_size)
    with filled.services() as services, pytest.raises(CasefileError):
        back_up(services, tmp_path / "copy")


def test_row_61_a_head_that_waits_for_its_token_is_never_called_confirmed(filled: Bench) -> None:
    assert standing(filled, 61) == ("not met", "no time authority is configured")
    body = HeadTimestamped(
        authority="osh", locator="https://tsa.example", size=1, head="sha256:00", request="sha256:11"
    )
    with filled.services() as services:
        subject = Subject(kind="head", id="1")
        services.append(draft("head.timestamped", subject, body=body, outcome=EventOutcome(status="pending")))
        with reading(services.engine) as rows:
            assert [one.confirmed for one in list_timestamps(rows)] == [False]
    assert standing(filled, 61)[0] == "not met"


def shown(bench: Bench) -> None:
    with bench.services() as services:
        state_pseudonym(services, {"pseudonym": "Heron", "role": "witness"})
        link_items(services, "W-0001", [ITEM])


def leave(bench: Bench, override: str = "", agreement: str = "", recipient: str = COURT) -> None:
    with bench.services() as services:
        require_release(services, Asked((ITEM,), recipient, agreement=agreement), override, lambda _said: None)


@pytest.mark.parametrize("mode", ["record", "warn", "enforce"])
def test_row_78_without_consent_or_a_legal_basis_nothing_that_shows_a_person_leaves(filled: Bench, mode: str) -> None:
    filled.settings["CASEFILE_GATES__MODE"] = mode
    assert standing(filled, 78)[0] == "not applicable"
    shown(filled)
    with pytest.raises(GateRefused, match="W-0001"):
        leave(filled)
    leave(filled, "order 7 of the court")
    found, why = standing(filled, 78)
    assert (found, "another basis" in why) == ("overridden", True)
    assert any("order 7" in said for _status, said in filled.overrides())


def test_row_78_with_consent_to_this_use_by_this_recipient_it_leaves(filled: Bench) -> None:
    shown(filled)
    with filled.services() as services:
        given = {"use": "sharing", "recipient": "somebody else", "until": "2199-01-01", "how": "signed"}
        give_consent(services, "W-0001", given)
    with pytest.raises(GateRefused):
        leave(filled)
    with filled.services() as services:
        give_consent(services, "W-0001", {**given, "recipient": COURT})
    leave(filled)
    assert standing(filled, 78)[0] == "met"


@pytest.mark.parametrize("kind", ["pseudonym.stated", "pseudonym.linked", "consent.stated"])
def test_row_78_who_is_protected_stays_whatever_leaves(kind: str) -> None:
    for part in PartName:
        assert reason_to_stay(envelope(kind), part, of_left_out=False, may_name=True) in (OPERATIONAL, PROTECTED)
    assert reason_to_stay(envelope("step.recorded"), PartName.PERSONAL, of_left_out=False, may_name=True) == WORDS


def test_row_79_the_matrix_names_elements_that_nothing_supports(filled: Bench) -> None:
    assert standing(filled, 79) == ("not met", "no element of a crime is stated")
    with filled.services() as services:
        for kind, text in (("material", "The object was civilian"), ("mental", "It was known to be")):
            state_element(services, "attacks on civilians", kind, text)
        link_element(services, "E-0001", [ITEM], "crime-base", "it shows the pier")
        link_element(services, "E-0002", [OTHER], "exculpatory", "a warning was given")
    assert standing(filled, 79) == ("not met", "nothing supports E-0002")
    with filled.services() as services:
        link_element(services, "E-0002", [ITEM], "linkage", "an order is heard")
    assert standing(filled, 79)[0] == "met"
    filled.rebuild()
    with filled.services() as services, reading(services.engine) as rows:
        found = matrix(rows, viewer_of(services))
    assert [dict(one.items) for one in found] == [{ITEM: "crime-base"}, {OTHER: "exculpatory", ITEM: "linkage"}]
    with filled.services() as services:
        assert link_element(services, "E-0002", [ITEM], "none", "it is another order").supported is False


@pytest.mark.parametrize(
    ("link", "error"),
    [
        (("E-0009", [ITEM], "linkage", "x"), UnknownRecord),
        (("E-0001", ["I-0099"], "linkage", "x"), UnknownItem),
        (("E-0001", [ITEM], "proof", "x"), FieldRefused),
        (("E-0001", [ITEM], "linkage", " "), FieldRefused),
    ],
)
def test_row_79_a_link_names_what_there_is_a_function_and_how(
    filled: Bench, link: tuple[str, list[str], str, str], error: type[Exception]
) -> None:
    with filled.services() as services:
        with pytest.raises(FieldRefused):
            state_element(services, " ", "material", "x")
        state_element(services, "attacks on civilians", "material", "The object was civilian")
        with pytest.raises(error):
            link_element(services, *link)


def test_row_79_how_an_item_bears_on_an_element_waits_with_its_authors_assessment(filled: Bench) -> None:
    with filled.services() as services:
        state_element(services, "attacks on civilians", "material", "The object was civilian")
        link_element(services, "E-0001", [ITEM], "exculpatory", "it was empty")
        step = {"check": "facts", "result": "supports", "method": "m", "finding": "f"}
        record_step(services, ITEM, checked(step, NewStep))
    with filled.services("Bo") as services, reading(services.engine) as rows:
        assert matrix(rows, viewer_of(services))[0].items == {}
    with filled.services() as services, reading(services.engine) as rows:
        assert matrix(rows, viewer_of(services))[0].items == {ITEM: "exculpatory"}


def test_rows_1_5_20_and_28_the_table_says_what_is_missing_of_the_preparation(filled: Bench) -> None:
    assert standing(filled, 1)[0] == "not met"
    assert standing(filled, 20)[0] == "not met"
    assert standing(filled, 5)[0] == "not met"
    filled.prepare()
    assert standing(filled, 1)[0] == "met"
    assert standing(filled, 5)[0] == "met"
    filled.clock.now = datetime(2028, 1, 1, tzinfo=UTC)
    assert standing(filled, 5)[0] == "not met"
