"""The contact sheet: it shows everything, hides every picture, and nothing in it runs or calls out."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from casefile.errors import SheetUnusable
from casefile.vocabulary import Acquisition, Cause, ContainmentLevel, Content, Outcome
from pipelines.contact_sheet import writing
from pipelines.contact_sheet.pages import ItemPage, Pages
from pipelines.contact_sheet.values import SheetPreview
from pipelines.contact_sheet.writing import check_directory, write_contact_sheet

from .contact_items import Read, attempt, capture, heading, item, picture, preview

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</bdi></p></main><iframe src=//evil.example>",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "<!--",
    "]]><![CDATA[",
    "<?php",
    "&lt;b&gt;&#60;",
    "</style></title></textarea><plaintext>",
    "`${alert(1)}`",
    "cod\u202egpj.exe\u2066",
    "\x00\x1b[31m\x9b2J",
    "//evil.example/\\@x",
    "https://exаmple.org/",
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
    st.text(st.sampled_from("<>\"'&/=!-[]{}%# \n\x00ascript\u202e"), min_size=1, max_size=40),
    st.text(min_size=1, max_size=40),
)
Element = tuple[str, tuple[tuple[str, str | None], ...]]
ADDED = {("span", (("class", "sign"),)), ("span", (("class", "quiet"),)), ("p", (("class", "quiet"),))}
"""What a text may add: signs for what steers, the host in ASCII letters, a remark that it was cut."""


def pages_of(text: str) -> list[str]:
    """Every page there is, with this text in every field that comes from outside."""
    pages = Pages(heading(text))
    one = item(text)
    given_up = item(text, capture=capture(text, acquisition=Acquisition.HANDED_OVER))
    counts = {"items": 1, "attempts": 2, "problems": 2, "doubtful": 1}
    shown = ItemPage(one, [("I-0001-1.jpg", text)], [text])
    return [
        pages.item(shown),
        pages.item(ItemPage(given_up)),
        pages.index([pages.card(one, ("I-0001-1.jpg", "keyframe"))], page=1, pages=1, counts=_Counts(counts)),
        pages.failed([attempt(text)], _Counts(counts)),
    ]


class _Counts(dict[str, int]):
    def __missing__(self, key: str) -> int:
        return 0


def captionless(element: Element) -> Element:
    """An element without its alternative text, which may be any text as long as it stays one attribute."""
    return element[0], tuple((name, "" if name == "alt" else value) for name, value in element[1])


HARMLESS = {captionless(element) for page in pages_of("said") for element in Read(page).elements}


def page_of(sheet: Path, name: str = "items/I-0001.html") -> Read:
    return Read((sheet / name).read_text())


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_no_text_in_any_field_becomes_an_element_or_an_attribute(text: str) -> None:
    for page in pages_of(text):
        read = Read(page)
        assert {captionless(element) for element in read.elements} <= HARMLESS | ADDED
        assert read.others == []


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_every_text_is_shown_and_what_steers_is_shown_as_a_sign(text: str) -> None:
    steering = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]")
    signs = steering.sub(lambda found: f"U+{ord(found.group()):04X}", text)
    item_page, _, _, failed = pages_of(text)
    assert signs in Read(item_page).text
    assert signs in Read(failed).text
    assert not steering.sub("", Read(item_page).text).count("\u202e")


@pytest.mark.parametrize("page", pages_of("javascript:alert(1)"))
def test_a_page_refers_to_nothing_but_its_neighbours(page: str) -> None:
    read = Read(page)
    for reference in [*read.values("href"), *read.values("src")]:
        assert re.fullmatch(r"#main|(\.\./)?(items/|pictures/)?[A-Za-z0-9-]+\.(html|css|jpg)", reference), reference
    active = {"script", "iframe", "object", "embed", "form", "video", "audio", "base"}
    assert not active & {tag for tag, _ in read.elements}
    names = {name for _, attributes in read.elements for name, _ in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("page", pages_of("said"))
def test_the_policy_lets_no_script_and_no_other_place_in(page: str) -> None:
    (policy,) = [
        dict(attributes)["content"] or ""
        for tag, attributes in Read(page).elements
        if tag == "meta" and ("http-equiv", "Content-Security-Policy") in attributes
    ]
    directives = {one.split()[0]: one.split()[1:] for one in policy.split(";")}
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    known = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert directives == {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "img-src": ["'self'", "file:"],
        "style-src": ["'self'", "file:", f"'sha256-{known}'"],
    }
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<body>")


def test_every_picture_is_hidden_until_somebody_asks_for_it(tmp_path: Path) -> None:
    previews = (preview(tmp_path), preview(tmp_path))
    sheet = write_contact_sheet([item(previews=previews)], [], tmp_path / "sheet", heading=heading())
    for path in (sheet.index, tmp_path / "sheet" / "items" / "I-0001.html"):
        page = path.read_text()
        assert re.search(r"\.veil img\{filter:blur\(\d\dpx\) grayscale\(1\)", page)
        assert re.search(r"\.veil input:checked\+label img\{filter:none\}", page)
        switch = r'<figure class="veil">\s*<input type="checkbox" id="([\w-]+)" autocomplete="off">\s*'
        veiled = re.findall(switch + r'<label for="\1"><img ', page)
        assert len(veiled) == page.count("<img ") > 0
        assert " checked" not in page
    assert "filter:none" not in (tmp_path / "sheet" / "sheet.css").read_text()


def test_the_style_sheet_calls_nothing(tmp_path: Path) -> None:
    write_contact_sheet([], [], tmp_path / "sheet", heading=heading())
    style = (tmp_path / "sheet" / "sheet.css").read_text()
    assert not re.search(r"url\(|@import|@font-face|expression|//", style)


def test_what_a_page_says_of_an_item(tmp_path: Path) -> None:
    write_contact_sheet(
        [item("said", capture=capture("said", allowances=("127.0.0.1:8080",)))], [], tmp_path / "s", heading=heading()
    )
    text = page_of(tmp_path / "s").words
    for part in (
        "Collected over an explicit allowance: 127.0.0.1:8080.",
        "content doubtful",
        "observed by us",
        "Author claim said",
        "Time claim said according to said",
        "470.8 KiB (482,133 bytes)",
        "sha256:9f9f9f9f9f9f… sha256:" + "9f" * 32,
        "I-0002 said 0.97 auto said not yet",
        "I-0099 not in this sheet said 0.81 candidate said not yet",
        "1 pair inside the same capture",
        "Claims that conflict",
        "Captured 2026-11-22 01:02:03 UTC clock: kernel, offset -3 ms",
        "List said, sheet said, row 7",
        "full, outgoing connections restricted by force",
    ):
        assert part in text, part


def test_handed_over_material_is_never_said_to_be_observed(tmp_path: Path) -> None:
    given_up = capture(
        "Witness 12", acquisition=Acquisition.HANDED_OVER, containment=ContainmentLevel.WEAK, egress_enforced=False
    )
    write_contact_sheet([item(capture=given_up)], [], tmp_path / "s", heading=heading())
    text = page_of(tmp_path / "s").words
    assert "Handed over by Witness 12" in text
    assert "observed by us" not in text
    assert "Captured" not in text
    assert "Containment was weak; outgoing connections were not restricted by force." in text
    assert "handed over" in page_of(tmp_path / "s", "index.html").text


def test_what_was_erased_is_shown_as_erased(tmp_path: Path) -> None:
    erased = dataclasses.replace(item(), title=None, author=None, name=None, locator=None, text=None, claimed_time=None)
    write_contact_sheet([erased], [attempt(locator=None)], tmp_path / "s", heading=heading())
    assert page_of(tmp_path / "s").text.count("erased") == 7
    assert "erased" in page_of(tmp_path / "s", "failed.html").text


def test_every_attempt_without_the_content_is_listed_and_counted(tmp_path: Path) -> None:
    got = Outcome.CAPTURED
    attempts = [
        attempt(locator="https://dns.example/"),
        attempt(locator="https://part.example/", outcome=Outcome.PARTIAL, cause=Cause.TRUNCATED, items=("I-0001",)),
        attempt(
            locator="https://gone.example/", outcome=Outcome.CAPTURED, cause=Cause.HTTP_STATUS, content=Content.ABSENT
        ),
        attempt(locator="https://doubt.example/", outcome=got, cause=None, content=Content.DOUBTFUL),
        attempt(locator="https://cut.example/", outcome=None, cause=Cause.INTERRUPTED),
        attempt(locator="https://refused.example/", outcome=Outcome.REFUSED, cause=Cause.BLOCKED_BY_POLICY),
        attempt(locator="https://good.example/", outcome=got, cause=None, content=Content.PRESENT),
        attempt(locator="https://had.example/", outcome=Outcome.ALREADY, cause=None),
    ]
    sheet = write_contact_sheet([item()], attempts, tmp_path / "s", heading=heading())
    text = page_of(tmp_path / "s", "failed.html").text
    listed = re.findall(r"https://(\w+)\.example/", text)
    assert listed == ["dns", "part", "gone", "doubt", "cut", "refused"]
    assert sheet.problems == 6
    assert "6 of 8 attempts did not bring the content" in Read(sheet.index.read_text()).words


def test_a_long_list_has_several_pages_and_items_lead_to_their_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CARDS_ON_A_PAGE", 2)
    sheet = write_contact_sheet((item(number=n) for n in range(1, 6)), [], tmp_path / "s", heading=heading())
    assert sheet.items == 5
    lists = [(tmp_path / "s" / name).read_text() for name in ("index.html", "index-2.html", "index-3.html")]
    numbers = [re.findall(r'items/(I-\d+)\.html"', page) for page in lists]
    assert numbers == [["I-0001", "I-0002"], ["I-0003", "I-0004"], ["I-0005"]]
    assert {"I-0002.html", "I-0004.html"} <= set(page_of(tmp_path / "s", "items/I-0003.html").values("href"))


def test_only_plain_re_encoded_pictures_are_copied_and_the_page_names_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "previews"
    source.mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(picture(source).read_bytes())
    (source / "link").symlink_to(secret)
    (source / "page").write_bytes(b"<html><script>alert(1)</script>")
    (source / "svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    (source / "tail").write_bytes(picture(source).read_bytes() + b"<script>alert(1)</script>")
    original = picture(source, exif=_exif())
    os.mkfifo(source / "pipe")
    bad = [original, *(source / name for name in ("link", "page", "svg", "tail", "pipe", "missing"))]
    good = [picture(source, form) for form in ("JPEG", "PNG", "WEBP")]
    previews = tuple(SheetPreview(path, f"picture {place}") for place, path in enumerate([*bad, *good]))
    write_contact_sheet([item(previews=previews)], [], tmp_path / "sheet", heading=heading())
    copied = sorted(path.name for path in (tmp_path / "sheet" / "pictures").iterdir())
    assert copied == ["I-0001-10.webp", "I-0001-8.jpg", "I-0001-9.png"]
    text = Read((tmp_path / "sheet" / "items" / "I-0001.html").read_text()).text
    assert [f"picture {place}: left out" in text for place in range(10)] == [True] * 7 + [False] * 3


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "camera maker"
    return exif.tobytes()


def test_names_of_files_are_ours_and_private(tmp_path: Path) -> None:
    one = item("../../x", previews=(preview(tmp_path, "../../x"),))
    write_contact_sheet([one], [attempt("../../x")], tmp_path / "sheet", heading=heading("../../x"))
    sheet = tmp_path / "sheet"
    made = {str(path.relative_to(sheet)): stat.S_IMODE(path.stat().st_mode) for path in sheet.rglob("*")}
    assert made == {
        "items": 0o700,
        "pictures": 0o700,
        "items/I-0001.html": 0o600,
        "pictures/I-0001-1.jpg": 0o600,
        "index.html": 0o600,
        "failed.html": 0o600,
        "sheet.css": 0o600,
        writing.MARK: 0o600,
    }
    with pytest.raises(ValueError, match="not an item's number"):
        write_contact_sheet([dataclasses.replace(item(), number="../x")], [], tmp_path / "t", heading=heading())
    assert not (tmp_path / "t").exists()


def test_a_sheet_replaces_a_sheet_whole_and_no_other_folder(tmp_path: Path) -> None:
    target = tmp_path / "sheet"
    write_contact_sheet([item(number=1), item(number=2)], [], target, heading=heading())
    write_contact_sheet([item(number=1)], [], target, heading=heading())
    assert [path.name for path in (target / "items").iterdir()] == ["I-0001.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.odt").write_text("mine")
    with pytest.raises(SheetUnusable, match="holds other files"):
        write_contact_sheet([item()], [], other, heading=heading())
    assert (other / "thesis.odt").read_text() == "mine"
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(SheetUnusable, match="not a folder"):
        check_directory(tmp_path / "link")


def test_a_failure_half_way_leaves_the_former_sheet_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "sheet"
    write_contact_sheet([item(number=1)], [], target, heading=heading())

    def failing() -> object:
        yield item(number=2)
        raise OSError("the database went away")

    with pytest.raises(SheetUnusable, match="went away"):
        write_contact_sheet(failing(), [], target, heading=heading())  # type: ignore[arg-type]
    assert [path.name for path in (target / "items").iterdir()] == ["I-0001.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet"]


def test_a_text_of_a_megabyte_is_cut_on_the_page_and_it_says_so(tmp_path: Path) -> None:
    write_contact_sheet([dataclasses.replace(item(), text="x" * 1_000_000)], [], tmp_path / "s", heading=heading())
    page = (tmp_path / "s" / "items" / "I-0001.html").read_text()
    assert len(page) < 60_000
    assert "980,000 more characters are in the record." in page
