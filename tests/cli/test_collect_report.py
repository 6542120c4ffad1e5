"""What is said of a result as it lands: of an address, of a row without one, of files that were handed over."""

from __future__ import annotations

from dataclasses import fields

import pytest

from casefile.leads import Lead
from casefile.records.queries import ItemRecord
from casefile.vocabulary import Content, Outcome, Pathway
from cli.collect_report import landing_of, summary
from pipelines.results import Result

BLANK = {field.name: "" for field in fields(ItemRecord)}


def item(number: int, locator: str, content: Content = Content.PRESENT, title: str = "") -> ItemRecord:
    known = {"number": number, "locator": locator, "content": content, "title": title, "allowances": (), "files": ()}
    return ItemRecord(**(BLANK | known))  # type: ignore[arg-type]


def handed_over(*items: ItemRecord) -> Result:
    lead = Lead(id="lead", locator=items[0].locator or "", pathway=Pathway.HANDED_OVER)
    return Result(lead, Outcome.CAPTURED, items=items)


def test_a_folder_that_was_handed_over_is_named_and_its_files_are_counted() -> None:
    names = ["a/1.jpg", "a/b/2.jpg", "a/b/3.jpg", "a/b/4.jpg"]
    items = [item(7 + place, f"handed-over:stick/{name}", title=name) for place, name in enumerate(names)]
    landing = landing_of(handed_over(*items))
    assert landing.locator == "handed-over:stick/a/ (4 files)"
    assert landing.items == ("I-0007", "to", "I-0010")
    assert landing.title == ""


def test_files_without_a_folder_in_common_are_counted() -> None:
    landing = landing_of(handed_over(item(1, "handed-over:a.jpg"), item(3, "handed-over:b/c.jpg", Content.ABSENT)))
    assert landing.locator == "handed-over: (2 files)"
    assert landing.items == ("I-0001", "I-0003")
    assert landing.contents == {Content.PRESENT: 1, Content.ABSENT: 1}


def test_one_file_speaks_for_itself() -> None:
    landing = landing_of(handed_over(item(1, "handed-over:stick/a.jpg", title="A")))
    assert (landing.locator, landing.title) == ("handed-over:stick/a.jpg", "A")


@pytest.mark.parametrize(("row", "said"), [(0, "(no address)"), (4, "(no address in row 4)")])
def test_an_empty_locator_is_placed(row: int, said: str) -> None:
    lead = Lead(id="lead", locator="", pathway=Pathway.LIST if row else Pathway.BY_HAND, row=row)
    assert landing_of(Result(lead, Outcome.REFUSED)).locator == said


def test_the_counts_say_that_there_was_nothing_to_collect() -> None:
    assert summary([]) == "nothing to collect; 0 items"
    assert summary([handed_over(item(1, "handed-over:a.jpg"))]) == "1 captured; 1 item"
