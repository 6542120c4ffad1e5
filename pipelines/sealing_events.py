"""The events of a capture: its beginning, its seal, its failure. Pure: values in, drafts out.

What an item calls itself goes into the personal part, so that it can be erased; its text stays in the vault.
"""

from __future__ import annotations

from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft, made_with
from casefile.events.types import CaptureFailed, CaptureStarted, ItemWords, SealedBody, SealedPersonal
from casefile.ids import CaptureId, LeadId, LogId, derived, machine_event_id
from casefile.model import CaptureRecord, ToolUse, Value
from casefile.vocabulary import Cause, Outcome
from pipelines.tool_register import id_of


class FailedCapture(Value):
    """How an attempt ended that kept no item."""

    outcome: Outcome
    cause: Cause
    failed: CaptureFailed
    tools: tuple[ToolUse, ...] = ()


def capture_id(log: LogId, lead: LeadId, attempt: int) -> CaptureId:
    """The id of an attempt's capture."""
    return CaptureId(derived(log, "capture", lead, str(attempt)))


def started(log: LogId, lead: str, capture: CaptureId, body: CaptureStarted, identity: str = "") -> Draft:
    """An attempt began, under the virtual identity of that id if there is one."""
    return draft(
        "capture.started",
        Subject(kind="capture", id=capture),
        Subject(kind="lead", id=lead),
        *((Subject(kind="identity", id=identity),) if identity else ()),
        body=body,
        outcome=EventOutcome(status="started"),
        id=machine_event_id(log, capture, "started", body.attempt),
    )


def failed(log: LogId, lead: str, capture: str, failure: FailedCapture) -> Draft:
    """An attempt ended without an item."""
    event = draft(
        "capture.failed",
        Subject(kind="capture", id=capture),
        Subject(kind="lead", id=lead),
        body=failure.failed,
        outcome=EventOutcome(status=failure.outcome, cause=failure.cause),
        id=machine_event_id(log, capture, "failed", failure.failed.attempt),
    )
    return made_with(event, (id_of(log, tool) for tool in failure.tools))


def sealed(log: LogId, record: CaptureRecord, object_id: str, inventory: str, *, follow: str = "") -> Draft:
    """A capture is in the vault; `follow` names the method that is to bring what it left behind."""
    circumstances = record.circumstances
    words = tuple(
        ItemWords(position=item.position, name=item.name, title=item.title, author=item.author) for item in record.items
    )
    without_words = record.model_copy(
        update={
            "circumstances": circumstances.model_copy(update={"handed_over_how": ""}),
            "items": tuple(
                item.model_copy(update={"name": "", "title": "", "author": "", "text": ""}) for item in record.items
            ),
        }
    )
    event = draft(
        "capture.sealed",
        Subject(kind="item", id=circumstances.capture, count=len(record.items)),
        Subject(kind="lead", id=circumstances.lead),
        body=SealedBody(record=without_words, object_id=object_id, inventory=inventory, follow=follow or None),
        personal=SealedPersonal(items=words, handed_over_how=circumstances.handed_over_how),
        outcome=EventOutcome(status=record.outcome, cause=record.cause),
        id=machine_event_id(log, circumstances.capture, "sealed", circumstances.attempt),
    )
    return made_with(event, (id_of(log, tool) for tool in record.tools))
