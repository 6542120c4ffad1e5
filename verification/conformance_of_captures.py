"""How the capture of an item stands against those obligations that are about captures: a rule for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from casefile.vocabulary import Content, Pathway, Purpose
from verification.item_facts import ItemFacts
from verification.obligations import Standing, Stands, met, not_applicable, not_met

FIRST_PICTURE = "page/screenshot.png"
"""What the method `browser` calls the picture that it takes before it touches the page (docs/web-capture.md)."""


def _tools(facts: ItemFacts) -> Stands:
    tools = facts.capture["tools"] or ()
    said = ", ".join(f"{one['name']} {one['version']}" for one in tools)
    return met(said, facts.sealed) if tools else not_met("no tool is named", facts.sealed)


def _access(facts: ItemFacts) -> Stands:
    visitor = (facts.capture["circumstances"] or {}).get("visitor") or {}
    access = visitor.get("access", "public")
    if facts.handed_over:
        return not_applicable("it was handed over", facts.sealed)
    return met(f"access {access}", facts.sealed)


def _pathway(facts: ItemFacts) -> Stands:
    if not facts.pathway:
        return not_met("the pathway was erased", facts.found)
    if facts.pathway == Pathway.BY_HAND and not facts.came_from:
        return not_met("named by hand, and nothing says where it came from", facts.found)
    return met(facts.pathway, facts.found, *facts.came_from)


def _contemporaneous(facts: ItemFacts) -> Stands:
    return met("the capture was recorded as it ended; steps bear the time of recording", facts.sealed)


def _contained(facts: ItemFacts) -> Stands:
    level = facts.capture["containment"]
    if level == "full":
        return met("containment full", facts.sealed)
    return not_met(f"containment {level or 'unknown'}", facts.sealed)


def _address(facts: ItemFacts) -> Stands:
    if facts.handed_over:
        return not_applicable("it was handed over", facts.sealed)
    count = len(facts.capture["exchanges"] or ())
    return (
        met(f"{count} exchanges in order", facts.sealed) if count else not_met("no exchange is recorded", facts.sealed)
    )


def _source(facts: ItemFacts) -> Stands:
    if "html" not in facts.media_type:
        return not_applicable("it is no page of HTML", facts.sealed)
    kinds = {file["fidelity"] for file in facts.capture["files"] or () if file["kind"] == "content"}
    if kinds & {"wire", "received"}:
        return met("kept as it was received", facts.sealed)
    return not_met("it was reconstructed", facts.sealed)


def _page_picture(facts: ItemFacts) -> Stands:
    if not facts.is_page:
        return not_applicable("it is no page", facts.sealed)
    if FIRST_PICTURE not in facts.pictures:
        return not_met("no picture of the page was taken before anything else", facts.sealed)
    if facts.capture["outcome"] == "partial":
        why = facts.capture["detail"] or facts.capture["cause"] or "it does not say why"
        return met(f"a picture, {FIRST_PICTURE}, before anything else; the capture is partial: {why}", facts.sealed)
    return met(f"a picture of the whole page, {FIRST_PICTURE}, before anything else", facts.sealed)


def _embedded(facts: ItemFacts) -> Stands:
    if not facts.is_page:
        return not_applicable("it is no page", facts.sealed)
    if facts.pictures:
        said = f"{facts.beside} other items came with the page; its record says what did not"
        return met(said, facts.sealed)
    return not_met("pictures in the page are not extracted", facts.sealed)


def _metadata(facts: ItemFacts) -> Stands:
    if facts.examined and facts.raw_metadata:
        return met("raw and normalised", facts.examined)
    return not_met("it was not examined, or its metadata were not read", facts.sealed)


def _context(facts: ItemFacts) -> Stands:
    if not facts.is_page:
        return not_applicable("it is no page", facts.sealed)
    return not_met("nobody recorded whether context was to be kept", facts.sealed)


def _collection(facts: ItemFacts) -> Stands:
    clock = (facts.capture["circumstances"] or {}).get("started_clock") or {}
    if not (facts.capture["collector"] and facts.capture["started_at"] and facts.capture["ended_at"]):
        return not_met("collector, start or end is missing", facts.sealed)
    if clock.get("source") == "unverified":
        return not_met("the clock was not verified", facts.sealed)
    return met(f"clock {clock.get('source', 'unknown')}", facts.sealed)


def _digest(facts: ItemFacts) -> Stands:
    return met(facts.sha256, facts.sealed) if facts.sha256 else not_met("the digest was erased", facts.sealed)


def _inventory(facts: ItemFacts) -> Stands:
    inventory = facts.capture["inventory"]
    return met(str(inventory), facts.sealed) if inventory else not_met("the inventory was erased", facts.sealed)


def _native(facts: ItemFacts) -> Stands:
    derived = [file for file in facts.capture["files"] or () if file["kind"] == "derivative"]
    if all(file.get("command") for file in derived):
        return met(f"{len(derived)} derivatives, each with its command", facts.sealed)
    return not_met("a derivative has no command", facts.sealed)


def _technical_report(facts: ItemFacts) -> Stands:
    return met("the record of the capture, and this report", facts.sealed)


def _tier(facts: ItemFacts) -> Stands:
    if facts.capture["purpose"] != Purpose.COURT:
        return not_applicable(f"collected for {facts.capture['purpose']}", facts.sealed)
    asked = (_address, _source, _page_picture)
    lacking = [found for rule in asked if (found := rule(facts)).standing is Standing.NOT_MET]
    if lacking:
        return not_met("; ".join(one.why for one in lacking), facts.sealed)
    return met("address, source and page picture as far as they apply", facts.sealed)


def _content(facts: ItemFacts) -> Stands:
    if facts.content in (Content.PRESENT, Content.ABSENT, Content.DOUBTFUL):
        return met(f"content {facts.content}", facts.sealed)
    return not_met("nobody judged whether the content is there", facts.sealed)


def _observed(facts: ItemFacts) -> Stands:
    return met("outcomes and causes say what was observed", facts.sealed)


def _identity(facts: ItemFacts) -> Stands:
    return met("a capture of its own with ids of its own", facts.sealed)


def _renderable(facts: ItemFacts) -> Stands:
    return met("identified by content", facts.examined) if facts.examined else not_met("not examined", facts.sealed)


def _custody(facts: ItemFacts) -> Stands:
    return met("every act on it is an event of one log", facts.sealed)


def _examined(facts: ItemFacts) -> Stands:
    if facts.examined:
        return met("examined on a working copy", facts.examined)
    return not_applicable("nothing was processed", facts.sealed)


def _traced(facts: ItemFacts) -> Stands:
    return met("every statement of this report names its events", facts.sealed, facts.found)


CAPTURE_RULES: Mapping[str, Callable[[ItemFacts], Stands]] = {
    "tools": _tools,
    "access": _access,
    "pathway": _pathway,
    "contemporaneous": _contemporaneous,
    "contained": _contained,
    "address": _address,
    "source": _source,
    "page_picture": _page_picture,
    "embedded": _embedded,
    "metadata": _metadata,
    "context": _context,
    "collection": _collection,
    "digest": _digest,
    "inventory": _inventory,
    "native": _native,
    "technical_report": _technical_report,
    "tier": _tier,
    "content": _content,
    "observed": _observed,
    "identity": _identity,
    "renderable": _renderable,
    "custody": _custody,
    "examined": _examined,
    "traced": _traced,
}
"""By the name that the table of obligations gives."""
