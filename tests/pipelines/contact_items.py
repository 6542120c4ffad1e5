"""Items for contact sheets: one with every field filled, and pictures made on the spot."""

from __future__ import annotations

import dataclasses
import io
import re
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

from casefile.model import Contact, Exchange, SealedFile, ToolUse
from casefile.vocabulary import (
    Acquisition,
    Cause,
    ContainmentLevel,
    Content,
    Fidelity,
    FileKind,
    Outcome,
    Role,
    Tier,
)
from pipelines.contact_sheet.values import (
    SheetAttempt,
    SheetCapture,
    SheetClaim,
    SheetConflict,
    SheetDuplicate,
    SheetFinding,
    SheetHeading,
    SheetItem,
    SheetPost,
    SheetPreview,
    SheetRemark,
    SheetVisit,
)

MADE = "2026-11-22T01:02:03.456789Z"
TIMES = {"started_at": MADE, "ended_at": MADE}
SHA256 = "sha256:" + "9f" * 32
CAPTURE = "0192f0c1-0000-7000-8000-000000000001"


def heading(text: str = "Market square") -> SheetHeading:
    return SheetHeading(text, CAPTURE, MADE, text, text)


def capture(text: str = "said", **changes: object) -> SheetCapture:
    made = SheetCapture(
        id=CAPTURE,
        outcome=Outcome.CAPTURED,
        acquisition=Acquisition.OBSERVED,
        collector=text,
        method=text,
        started_at=MADE,
        ended_at=MADE,
        clock="kernel, offset -3 ms",
        containment=ContainmentLevel.FULL,
        egress_enforced=True,
        detail=text,
        advice=text,
        source=text,
        handed_over_how=text,
        purpose="work",
        allowances=(text,),
        exchanges=(Exchange(method=text, locator=text, redirect_to=text, peer=text, error=text, **TIMES),),
        contacts=(Contact(host=text, port=80, address=text, refused=text, allowance=text, **TIMES),),
        tools=(ToolUse(name=text, version=text),),
        job=text,
        sheet=text,
        row=7,
        cells=((text, text),),
    )
    return dataclasses.replace(made, **changes)


def item(text: str = "said", number: int = 1, **changes: object) -> SheetItem:
    """An item in which every text from outside is `text`."""
    claim = SheetClaim(text, text, text)
    made = SheetItem(
        id=CAPTURE,
        number=f"I-{number:04d}",
        role=Role.PICTURE,
        capture=capture(text),
        locator=text,
        content=Content.DOUBTFUL,
        sha256=SHA256,
        bytes=482_133,
        captured_at=MADE,
        name=text,
        title=text,
        author=text,
        claimed_time=text,
        claimed_time_origin=text,
        media_type=text,
        declared_media_type=text + " ",
        content_reason=text,
        text=text,
        files=(
            SealedFile(
                path="files/0001",
                kind=FileKind.CONTENT,
                fidelity=Fidelity.WIRE,
                media_type=text,
                sha256=SHA256,
                sha512="sha512:" + "ab" * 64,
                bytes=482_133,
            ),
        ),
        text_in_unicode=text,
        posts=(SheetPost(text, True, (claim,), (claim,)), SheetPost("", False, None)),
        visits=(SheetVisit(MADE, ("I-0002",), text, text, (("+", text), ("-", text))),),
        findings=(SheetFinding(text, text, text, (claim,)),),
        conflicts=(SheetConflict(text, (claim, claim)),),
        duplicates=(
            SheetDuplicate("I-0002", text, "0.97", Tier.AUTO, text, "edge"),
            SheetDuplicate("I-0099", text, "0.81", Tier.CANDIDATE, text, "edge", in_sheet=False),
            SheetDuplicate("I-0003", text, "0.99", Tier.AUTO, text, "edge", same_capture=True),
        ),
        remarks=(SheetRemark(MADE, text, text),),
        tags=(text,),
    )
    return dataclasses.replace(made, **changes)


def attempt(text: str = "said", **changes: object) -> SheetAttempt:
    made = SheetAttempt(text, Outcome.FAILED, MADE, 1, Cause.DNS, text, text, text, text)
    return dataclasses.replace(made, **changes)


def picture(folder: Path, form: str = "JPEG", colour: tuple[int, int, int] = (200, 90, 40), **options: object) -> Path:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(content, form, **options)
    path = folder / f"preview-{form.lower()}-{len(list(folder.iterdir()))}"
    path.write_bytes(content.getvalue())
    return path


def preview(folder: Path, caption: str = "keyframe at 4 s") -> SheetPreview:
    return SheetPreview(picture(folder), caption)


class Read(HTMLParser):
    """A page as a browser takes it: its elements with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.others: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def words(self) -> str:
        """The text with one space between any two words, as a person reads it."""
        return re.sub(r" ([.,:;])", r"\1", " ".join(" ".join(self.texts).split()))

    def values(self, attribute: str) -> list[str]:
        return [value or "" for _, attributes in self.elements for name, value in attributes if name == attribute]
