"""Searching: any script, any query as it is written, the same on both engines; and nothing left after an erasure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casefile.events.envelope import PartName, Subject
from casefile.events.port import Draft, draft
from casefile.events.types import ContentErased, PersonalName, PersonRecorded, Words
from casefile.records.engine import reading, writing
from casefile.records.full_text import is_indexed
from casefile.records.indexing import catch_up
from casefile.records.search import Hit, Passage, folded, index_text, remove_text, search_text, snippet

from .places import ACTOR, LOG, Place
from .servers import Server, bundled_server

TEXTS = {
    "ukrainian": "Обстріл Маріуполя тривав, Київ мовчав",
    "russian": "Взрыв на СКЛАДЕ боеприпасов",
    "burmese": "ရန်ကုန်မြို့တွင် ဆန္ဒပြပွဲ ကျင်းပခဲ့သည်",
    "arabic": "قرأت الكتاب في المدرسة",
    "stretched": "قرأت الكـــتاب",
    "german": "Die Straße nach Süden",
    "persian": "می\u200cخواهم بروم",
    "hidden": "pay\u200bload and re\u00adport",
    "composed": "caf\u00e9",
    "wide": "ＩＭＧ＿００１",
    "hostile": """100% of a_b "AND" NEAR(x y) * it's folded:x ^start -minus {a} \\ / ' OR 1=1 --""",
    "lines": "first line\nsecond\tline",
    "emoji": "at the lake 🏞️ today",
    "zawgyi": "ေက်းရြာ မီးေလာင္ပ်က္စီး",
    "village": "ကျေးရွာ နှစ်ရွာ",
    "days": "٦ أيار ٢٠٢٤, ۱۷ اردیبهشت ۱۴۰۳, ၂၀၂၃ ခု",
}
QUERIES = [
    ("маріупол", ["ukrainian"]),
    ("КИЇВ", ["ukrainian"]),
    ("склад", ["russian"]),
    ("ВЗРЫВ боеприпасов", ["russian"]),
    ("боеприпасов ВЗРЫВ", ["russian"]),
    ("ки", ["ukrainian"]),
    ("ဆန္ဒပြ", ["burmese"]),
    ("ကုန်မြို့", ["burmese"]),
    ("كتاب", ["arabic", "stretched"]),
    ("مدرسة", ["arabic"]),
    ("strasse", ["german"]),
    ("STRASSE süd", ["german"]),
    ("میخواهم", ["persian"]),
    ("payload", ["hidden"]),
    ("report", ["hidden"]),
    ("cafe\u0301", ["composed"]),
    ("img_001", ["wide"]),
    ("line second", ["lines"]),
    ("🏞", ["emoji"]),
    ("100%", ["hostile"]),
    ("a_b", ["hostile"]),
    ("a%b", []),
    ("%", ["hostile"]),
    ("_", ["wide", "hostile"]),
    ('"AND"', ["hostile"]),
    ("NEAR(x", ["hostile"]),
    ("NEAR(склад", []),
    ("склад OR lake", []),
    ("*", ["hostile"]),
    ("lak*", []),
    ("folded:x", ["hostile"]),
    ("folded:lake", []),
    ("^start", ["hostile"]),
    ("-minus", ["hostile"]),
    ("lake -today", []),
    ("' OR 1=1 --", ["hostile"]),
    ("\\", ["hostile"]),
    ("/", ["hostile"]),
    ('"', ["hostile"]),
    ("{a}", ["hostile"]),
    ("\x00", []),
    ("la\x00ke", ["emoji"]),
    ("မီးလောင်", ["zawgyi"]),
    ("ကျေးရွာ", ["zawgyi", "village"]),
    ("ေက်းရြာ", ["zawgyi", "village"]),
    ("ေလာင္ပ်က္", ["zawgyi"]),
    ("2024 6", ["days"]),
    ("۲۰۲۴", ["days"]),
    ("1403", ["days"]),
    ("2023", ["days"]),
    ("၁၄၀၃", ["days"]),
    ("\ud800", []),
    ("", []),
    ("   ", []),
    ("x" * 100_000, []),
]


@pytest.fixture
def indexed(place: Place) -> Place:
    with writing(place.engine) as connection:
        index_text(connection, [Passage("item", name, "text", text, item=name) for name, text in TEXTS.items()])
    return place


def search(place: Place, query: str, limit: int = 20) -> list[Hit]:
    with reading(place.engine) as connection:
        return search_text(connection, query, limit)


def test_a_query_finds_what_is_written_in_any_script_and_is_no_syntax(indexed: Place) -> None:
    for query, expected in QUERIES:
        assert {hit.subject for hit in search(indexed, query)} == set(expected), query


@given(word=st.text(min_size=1, max_size=8), around=st.text(max_size=8))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_found_by_its_own_words(place: Place, word: str, around: str) -> None:
    content = f"{around}{word}{around}"
    with writing(place.engine) as connection:
        remove_text(connection, "it")
        index_text(connection, [Passage("item", "it", "text", content)])
    # A mark that joins a letter of its surroundings is another letter; then the words are not in there as they are.
    if folded(word) and all(part in folded(content) for part in folded(word).split()):
        assert [hit.subject for hit in search(place, word)] == ["it"]


def test_the_newest_come_first_and_no_more_than_asked_for(place: Place) -> None:
    with writing(place.engine) as connection:
        index_text(connection, [Passage("item", str(number), "text", "lake") for number in range(9)])
    assert [hit.subject for hit in search(place, "lake", 4)] == ["8", "7", "6", "5"]


def test_a_snippet_shows_the_place_that_was_found() -> None:
    content = "x" * 500 + " der  Fluß\u200bs fließt " + "y" * 500
    found = snippet(content, [folded("FLUSS fließt").split()[0]])
    assert "Fluß" in found
    assert found.startswith("…x")
    assert found.endswith("y…")
    assert len(found) < 150
    assert snippet("short", ["nothing"]) == "short"


def test_a_text_that_was_brought_to_unicode_is_still_in_the_field_that_it_was_written_in(place: Place) -> None:
    with writing(place.engine) as connection:
        index_text(connection, [Passage("item", "it", "step", TEXTS["zawgyi"], item="it", event="e", part="personal")])
    assert [(hit.field, hit.form, hit.event) for hit in search(place, "မီးလောင်")] == [
        ("step", "Unicode form of Zawgyi", "e")
    ]
    assert [(hit.field, hit.form) for hit in search(place, "ေလာင္ပ်က္")] == [
        ("step", "Unicode form of Zawgyi"),
        ("step", ""),
    ]


def test_removing_a_subject_takes_all_of_its_texts(indexed: Place) -> None:
    with writing(indexed.engine) as connection:
        assert remove_text(connection, "russian") == 1
        assert remove_text(connection, "russian") == 0
    assert search(indexed, "взрыв") == []
    assert search(indexed, "київ") != []


def name_person(name: str, note: str = "") -> Draft:
    return draft(
        "person.recorded",
        Subject(kind="person", id=name),
        body=PersonRecorded(kind="source"),
        personal=PersonalName(name=name, note=note),
    )


def test_the_index_follows_the_log_and_comes_back_after_a_rebuild(place: Place) -> None:
    place.append(
        name_person("Оксана"), draft("remark.added", Subject(kind="item", id="i"), personal=Words(text="рана"))
    )
    assert catch_up(place.engine, LOG) == 3
    assert catch_up(place.engine, LOG) == 0
    expected = search(place, "кса") + search(place, "рана")
    assert [(hit.subject_kind, hit.field, hit.item) for hit in expected] == [
        ("person", "name", None),
        ("item", "remark", "i"),
    ]
    place.lose_database()
    assert search(place, "кса") == []
    assert catch_up(place.engine, LOG) == 3
    assert search(place, "кса") + search(place, "рана") == expected


@pytest.mark.parametrize("indexed_before", [True, False])
def test_an_erased_part_is_not_found(place: Place, indexed_before: bool) -> None:
    _person, keep, erase = place.append(
        name_person("Olena"),
        draft("remark.added", Subject(kind="item", id="i"), personal=Words(text="kept words")),
        draft("remark.added", Subject(kind="item", id="i"), personal=Words(text="erased words")),
    )
    if indexed_before:
        catch_up(place.engine, LOG)
    place.log.erase(erase, PartName.PERSONAL, ContentErased(basis="b", approved_by="a"), ACTOR)
    catch_up(place.engine, LOG)
    assert [hit.snippet for hit in search(place, "words")] == ["kept words"]
    assert keep != erase


def test_no_trigram_of_an_erased_text_is_left_in_the_file(sqlite_place: Place) -> None:
    """Ogham letters are in no other text here, so their bytes would be seen."""
    secret = "ᚁᚂᚃᚄᚅᚆᚇᚈᚉᚊ"
    filler = [name_person(f"person {number}", os.urandom(100).hex()) for number in range(200)]
    sqlite_place.append(*filler[:100])
    (event,) = sqlite_place.append(name_person("Ana", secret))
    catch_up(sqlite_place.engine, LOG)
    sqlite_place.append(*filler[100:])
    catch_up(sqlite_place.engine, LOG)
    assert secret[:3].encode() in all_bytes(sqlite_place)
    sqlite_place.log.erase(event, PartName.PERSONAL, ContentErased(basis="b", approved_by="a"), ACTOR)
    left = all_bytes(sqlite_place)
    assert [letter for letter in secret if letter.encode() in left] == []
    assert search(sqlite_place, "person 150") != []


def all_bytes(place: Place) -> bytes:
    return b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())


def test_sqlite_searches_by_its_index(sqlite_place: Place) -> None:
    with reading(sqlite_place.engine) as connection:
        assert is_indexed(connection)


def test_postgresql_searches_by_its_index(server: Server, tmp_path: Path) -> None:
    place = Place(tmp_path, server.create("trigrams")).create()
    try:
        with writing(place.engine) as connection:
            available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"
            # The bundled server has no pg_trgm. Debian's has, and is what the strict run uses.
            assert is_indexed(connection) == bool(connection.exec_driver_sql(available).scalar_one())
            assert is_indexed(connection) == (server.origin == "debian")
            if is_indexed(connection):
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
                plan = connection.exec_driver_sql("EXPLAIN SELECT * FROM work_text WHERE folded LIKE '%%mariupol%%'")
                assert "work_text_index" in "".join(row[0] for row in plan)
    finally:
        place.stop()
        server.drop("trigrams")


def test_a_server_without_trigrams_finds_the_same(tmp_path: Path) -> None:
    with bundled_server() as server:
        place = Place(tmp_path, server.create("plain")).create()
        with writing(place.engine) as connection:
            assert not is_indexed(connection)
            index_text(connection, [Passage("item", name, "text", text, item=name) for name, text in TEXTS.items()])
        for query, expected in QUERIES:
            assert {hit.subject for hit in search(place, query)} == set(expected), query
        place.stop()
