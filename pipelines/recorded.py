"""What a worker answered, completed with what the broker's record of its traffic holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from casefile.model import Contact, Exchange, Received, ReceivedFile, ReceivedItem, readable
from casefile.vocabulary import Cause, Fidelity, FileKind, Outcome
from collectors.http.recorded_answer import Body
from collectors.outcomes import advice
from pipelines.recording import Recorded

USUAL_PORTS = {"http": 80, "https": 443}


def with_record(received: Received, recorded: Recorded, remark: str = "") -> Received:
    """With the record of what passed among its files, and the wanted bodies as they were taken out of it.

    Where a body is not in the record, what was made of it stands in its place, or its item is left out; the outcome is
    partial then. Without any item there is nothing that a record would belong to.
    """
    if not received.items or not (received.wanted or recorded.file or remark):
        return received
    bodies = {one.path: one for one in recorded.bodies}
    lacking = {one.path for one in received.wanted} - bodies.keys()
    files = [_standing_in(one, lacking) for one in received.files]
    stand_ins = {one.derived_from[0]: new for one, new in zip(received.files, files, strict=True) if one is not new}
    items = [_completed(one, bodies, lacking, stand_ins) for one in received.items]
    kept = tuple(one for one in items if one is not None)
    if not kept:
        return _without_item(received)
    used = {path for one in kept for path in one.files}
    taken = (_file(one) for one in recorded.bodies if one.path in used)
    changes = {
        "files": (*files, *taken, *((recorded.file,) if recorded.file else ())),
        "items": kept,
        "wanted": (),
    }
    problems = [f"{one.cause}: {one.problem}" for one in recorded.bodies if one.path in used and one.cause]
    problems += [f"{len(lacking)} of the bodies that were shown are not in the record"] if lacking else []
    first = next((one.cause for one in recorded.bodies if one.path in used and one.cause), None)
    ending: dict[str, object] = {}
    if problems and received.outcome is Outcome.CAPTURED and received.cause is not Cause.HTTP_STATUS:
        main = bodies.get(received.items[0].files[0])
        cause = main.cause if main is not None and main.cause else Cause.PARTS_MISSING if first or lacking else None
        ending = {"outcome": Outcome.PARTIAL, "cause": cause, "advice": advice(cause or Cause.PARTS_MISSING)}
    said = "; ".join(one for one in (received.detail, *problems, remark) if one)
    return Received.model_validate({**dict(received), **changes, **ending, "detail": readable(said)})


def explained(received: Received, contacts: Sequence[Contact]) -> Received:
    """The outcome without an item of a program that cannot say why a tunnel did not come about: the broker can.

    What counts is the last place that was asked for.
    """
    if received.items or not received.exchanges or received.cause is not Cause.RESET:
        return received
    place = urlsplit(received.exchanges[-1].locator)
    told = [one for one in contacts if one.host == place.hostname and (one.refused or one.failed)]
    if not told:
        return received
    outcome, cause, detail = _told_by(told[-1])
    changes = {"outcome": outcome, "cause": cause, "detail": readable(detail), "advice": advice(cause)}
    return received.model_copy(update=changes)


def with_peers(received: Received, contacts: Sequence[Contact]) -> Received:
    """With the address that each exchange went to, where the worker could not see it and the broker met only one."""
    met: dict[tuple[str, int], set[str]] = {}
    for one in contacts:
        if one.address and not one.refused:
            met.setdefault((one.host, one.port), set()).add(one.address)
    exchanges = tuple(_with_peer(one, met) if not one.peer else one for one in received.exchanges)
    return received.model_copy(update={"exchanges": exchanges})


def _with_peer(exchange: Exchange, met: Mapping[tuple[str, int], set[str]]) -> Exchange:
    place = urlsplit(exchange.locator)
    port = place.port or USUAL_PORTS.get(place.scheme, 0)
    addresses = met.get((place.hostname or "", port), set())
    if len(addresses) != 1:
        return exchange
    (address,) = addresses
    return exchange.model_copy(update={"peer": f"[{address}]:{port}" if ":" in address else f"{address}:{port}"})


def _told_by(contact: Contact) -> tuple[Outcome, Cause, str]:
    if contact.refused.startswith("certificate"):
        return Outcome.FAILED, Cause.TLS, contact.refused
    if contact.refused:
        return Outcome.REFUSED, Cause.BLOCKED_BY_POLICY, contact.refused
    cause = next((one for one in Cause if one == contact.failed), Cause.RESET)
    return Outcome.FAILED, cause, f"no connection: {contact.failed}"


def _standing_in(file: ReceivedFile, lacking: set[str]) -> ReceivedFile:
    """A page as it was rendered stands for one whose own bytes were not recorded."""
    if not (file.derived_from and set(file.derived_from) <= lacking):
        return file
    kind = FileKind.CONTENT if file.media_type == "text/html" else file.kind
    return file.model_copy(update={"kind": kind, "derived_from": ()})


def _completed(
    item: ReceivedItem, bodies: Mapping[str, Body], lacking: set[str], stand_ins: Mapping[str, ReceivedFile]
) -> ReceivedItem | None:
    (path, *others) = item.files
    if path in lacking:
        file = stand_ins.get(path)
        return item.model_copy(update={"files": (file.path,)}) if file and file.kind is FileKind.CONTENT else None
    body = bodies.get(path)
    if body is None or others:
        return item
    return item.model_copy(
        update={
            "media_type": item.media_type or body.media_type,
            "declared_media_type": body.declared_media_type,
            "wire_sha256": body.wire_sha256,
            "wire_bytes": body.wire_bytes,
        }
    )


def _file(body: Body) -> ReceivedFile:
    fidelity = Fidelity.RECONSTRUCTED if body.reconstructed else Fidelity.WIRE
    return ReceivedFile(path=body.path, kind=FileKind.CONTENT, fidelity=fidelity, media_type=body.media_type)


def _without_item(received: Received) -> Received:
    told = {
        "outcome": Outcome.FAILED,
        "cause": Cause.TOOL_FAILED,
        "detail": "what was shown is not in the record of what passed",
        "advice": advice(Cause.TOOL_FAILED),
        "files": (),
        "items": (),
        "wanted": (),
    }
    return Received.model_validate({**dict(received), **told})
