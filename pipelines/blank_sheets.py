"""Blank sheets for everything that people record, as TOML with the rule beside each field. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.errors import UsageError
from casefile.preparation.sheets import template
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import Check
from verification.sheets import template_of

INQUIRY_TEMPLATE = """\
# An inquiry, or what is to be added to one. Leave out what there is none of; repeat a table for each further entry.
question = ""
why = ""
task = ""

[[statement]]
# fact, assumption, unknown or finding
kind = "fact"
text = ""
# how it is known
basis = ""
# what a finding rests on: facts and findings (S-0001), items (I-0001)
rests_on = []

[[keywords]]
language = "ar"
script = "Arab"
# incriminating, exonerating or neutral
direction = "incriminating"
terms = []

[[search]]
engine = ""
terms = ""
operators = ""
# how what is relevant was reached
pathway = ""
browser = ""
# found or none-found
result = "found"
# when, with its offset; leave out for now
# at = "2026-11-30T09:15:00+02:00"
"""
ASSESSMENT_TEMPLATE = """\
[[assessment]]
lead = "{lead}"
# the number of the assessment that this one takes the place of; 0 for the first
revises = {revises}
# 1. why it matters, and at least one link: place, date, incident, person or violation
relevance = ""
links = [{{ kind = "place", value = "" }}]
# 2. low, moderate, high or unknown; by what: metadata, links, source
reliability = "unknown"
reliability_basis = ""
# 3. how likely it is to be removed: low, moderate or high; high needs its grounds
removal = "low"
removal_grounds = ""
# 4. whom collecting it could harm, and how
safety = ""
# 5. what having it obliges to
duties = ""
# collect, collect-with-precautions (which?) or do-not-collect (why not?)
decision = ""
precautions = ""
reason = ""
# not-sought, sought, found or none-found
better_version = "not-sought"
"""
LEAD_TEMPLATE = """\
# A lead that somebody found; to be taken over with `casefile records import FILE`.
[[lead]]
number = "L-0001"
locator = ""
# where it came from: an inquiry (Q-0001) or a search (R-0001) of the same file, or a person; and why
[[lead.origin]]
person = ""
why = ""
"""
CLAIM_TEMPLATE = """\
# A claim about items; to be taken over with `casefile records import FILE`.
[[claim]]
number = "C-0001"
# fact, or statement: what somebody says in a recording, apart from the recording
kind = "fact"
# one assertion that can be checked
text = ""
# of a statement, who makes it
speaker = ""
# such as ["I-0001"]
items = []
"""
CONCLUSION_TEMPLATE = """\
# The answer to a claim: `casefile conclude draw CLAIM --from FILE`.
# established, not_established or refuted
verdict = ""
# the standard of proof: reasonable-grounds, balance-of-probabilities, beyond-reasonable-doubt and others
standard = ""
# low, moderate or high, with the reason for so much and no more
confidence = ""
confidence_reason = ""
# of the source, A to E; F: cannot be judged
reliability = ""
# of the information, 1 to 5; 6: cannot be judged
credibility = ""
# how it follows
reasoning = ""
# whether source, technical and content strands agree
consistency = ""
# events of steps; all that support it and all that contradict it where there are none
supporting = []
contrary = []
# what would be needed and is not there
missing = []
# what else would explain it, and why not
alternatives = []
# why it is drawn although a gate refuses it
override = ""
# why no step of a strand applies
[not_applicable]
# source = ""
"""
OTHERS: Mapping[str, str] = {
    "inquiry": INQUIRY_TEMPLATE,
    "assessment": ASSESSMENT_TEMPLATE.format(lead="L-0001", revises=0),
    "lead": LEAD_TEMPLATE,
    "claim": CLAIM_TEMPLATE,
    "conclusion": CONCLUSION_TEMPLATE,
}
KINDS: tuple[str, ...] = (*DocumentKind, *OTHERS, *(f"step:{check}" for check in Check))
"""Everything of which there is a sheet."""


def blank_sheet(kind: str) -> str:
    """The blank sheet of a kind; raises UsageError for one that there is none of."""
    if kind in OTHERS:
        return OTHERS[kind]
    if kind in set(DocumentKind):
        return template(DocumentKind(kind))
    step, _colon, check = kind.partition(":")
    if step == "step" and check in set(Check):
        return template_of(Check(check))
    raise UsageError(f"there is no sheet {kind!r}; there are {', '.join(KINDS)}")
