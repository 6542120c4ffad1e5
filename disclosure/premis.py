"""PREMIS 3.0 of a package: its files, events and agents in the words that archives share. Pure; never the master.

Structure and order follow the PREMIS 3.0 schema; types of events are those of id.loc.gov/vocabulary/preservation.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from casefile.digests import Digest, hex_of
from casefile.events.envelope import PartName
from casefile.legible import escaped
from casefile.model import SealedFile
from disclosure.contents import HeldCapture, HeldEvent
from disclosure.telling import Told, said

PREMIS = "http://www.loc.gov/premis/v3"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
VOCABULARY = "http://id.loc.gov/vocabulary/preservation/eventType"
UUID = "UUID"
TYPES: Mapping[str, tuple[str, str]] = {
    "capture.started": ("cap", "capture"),
    "capture.sealed": ("ine", "ingestion end"),
    "capture.failed": ("cap", "capture"),
    "item.examined": ("mee", "metadata extraction"),
    "posts.read": ("mee", "metadata extraction"),
    "archive.read": ("mee", "metadata extraction"),
    "capture.redacted": ("red", "redaction"),
    "fixity.checked": ("fix", "fixity check"),
    "content.erased": ("del", "deletion"),
    "package.released": ("dis", "dissemination"),
    "package.received": ("acc", "accession"),
    "key.stated": ("poa", "policy assignment"),
    "tool.tested": ("val", "validation"),
}
"""Our types that archives have a word for, each with its code and label; the others keep our word."""

register_namespace("", PREMIS)
register_namespace("xsi", INSTANCE)


def premis(told: Told) -> bytes:
    """The document. Files are those of the objects in the package; events and agents those of its log entries."""
    root = Element(f"{{{PREMIS}}}premis", {"version": "3.0"})
    for capture in told.contents.captures:
        for file in told.records[capture.id].files:
            if file.path not in capture.withheld and not capture.is_earlier:
                _object(root, capture, file)
    for event in told.contents.events:
        _event(root, event)
    for event in told.contents.events:
        if event.envelope.type == "person.recorded":
            person = event.envelope.subject[0].id
            _agent(root, person, told.who(person), "person")
        elif event.envelope.type == "tool.registered":
            tool = said(event, PartName.BODY).get("tool", {})
            _agent(
                root, event.envelope.subject[0].id, str(tool.get("name", "")), "software", str(tool.get("version", ""))
            )
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    made = SubElement(parent, f"{{{PREMIS}}}{name}", attributes)
    if text:
        made.text = escaped(text)
    return made


def _identified(parent: Element, prefix: str, kind: str, value: str) -> Element:
    made = _add(parent, f"{prefix}Identifier")
    _add(made, f"{prefix}IdentifierType", kind)
    _add(made, f"{prefix}IdentifierValue", value)
    return made


def _object(root: Element, capture: HeldCapture, file: SealedFile) -> None:
    made = _add(root, "object")
    made.set(f"{{{INSTANCE}}}type", "file")
    _identified(made, "object", "path", f"data/{capture.place}/v1/content/{file.path}")
    characteristics = _add(made, "objectCharacteristics")
    _add(characteristics, "compositionLevel", "0")
    for name, digest in (("SHA-256", file.sha256), ("SHA-512", file.sha512)):
        fixity = _add(characteristics, "fixity")
        _add(fixity, "messageDigestAlgorithm", name)
        _add(fixity, "messageDigest", hex_of(Digest(digest)))
        _add(fixity, "messageDigestOriginator", "Casefile")
    _add(characteristics, "size", str(file.bytes))
    designation = _add(_add(characteristics, "format"), "formatDesignation")
    _add(designation, "formatName", file.media_type or "unknown")
    _identified(made, "linkingEvent", UUID, capture.event)


def _event(root: Element, event: HeldEvent) -> None:
    envelope = event.envelope
    made = _add(root, "event")
    _identified(made, "event", UUID, envelope.id)
    if envelope.type in TYPES:
        code, label = TYPES[envelope.type]
        _add(made, "eventType", label, authorityURI=VOCABULARY, valueURI=f"{VOCABULARY}/{code}")
    else:
        _add(made, "eventType", envelope.type)
    _add(made, "eventDateTime", envelope.recorded_at)
    _add(_add(made, "eventDetailInformation"), "eventDetail", f"{envelope.type}, number {event.index} of the log")
    if envelope.outcome is not None:
        outcome = _add(made, "eventOutcomeInformation")
        _add(outcome, "eventOutcome", envelope.outcome.status)
        if envelope.outcome.cause:
            _add(_add(outcome, "eventOutcomeDetail"), "eventOutcomeDetailNote", envelope.outcome.cause)
    _identified(made, "linkingAgent", UUID, envelope.actor.partition(":")[2])
    for tool in envelope.tools:
        _identified(made, "linkingAgent", UUID, tool)


def _agent(root: Element, identity: str, name: str, kind: str, version: str = "") -> None:
    made = _add(root, "agent")
    _identified(made, "agent", UUID, identity)
    _add(made, "agentName", name)
    _add(made, "agentType", kind)
    if version:
        _add(made, "agentVersion", version)
