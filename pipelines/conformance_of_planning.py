"""How an investigation stands against its obligations of preparation, inquiry and assessment: a rule for each.

That something of a kind was recorded is not enough here: what is still due of it is asked for too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from casefile.records.acts import list_acts
from casefile.records.documents import newest_documents
from casefile.records.engine import Connection
from casefile.records.inquiries import list_inquiries, list_searches, list_statements
from casefile.records.leads import TO_COLLECT
from casefile.vocabulary_planning import AssessmentForm, Decision, DocumentKind, Level
from pipelines.assessing import AssessedLead, assessed_leads
from pipelines.documents import landscape_languages
from pipelines.fixity import DAYS, readings, unanswered, when_read
from pipelines.gates import MINIMISATION
from pipelines.inquiries import coverage_of, keywords_lack, searches_lack
from pipelines.inquiries_seen import statements_seen
from pipelines.investigation_facts import WARNED, Investigation, gates_passed
from pipelines.sight import viewer_of
from verification.obligations import Standing, Stands, met, not_applicable, not_met

TASKS, POLICY, BULK = "document.versioned task", "document.versioned policy", "document.versioned bulk"
FIXITY, ASSESSED, OPENED = "fixity.checked", "lead.assessed", "inquiry.opened"
MOST_NAMED = 5
"""Words about single things that one line holds; more are counted."""


def _some(said: list[str]) -> str:
    more = len(said) - MOST_NAMED
    return "; ".join(said[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _tasks(one: Investigation, rows: Connection) -> Stands:
    tasks = {name for kind, name in newest_documents(rows) if kind == DocumentKind.TASK}
    missing = [
        f"{each.label} belongs to the task {each.task!r}, which nobody has taken on"
        if each.task
        else f"{each.label} belongs to no task"
        for each in list_inquiries(rows)
        if each.task not in tasks
    ]
    missing += one.due_of("task")
    if TASKS not in one.newest:
        missing.append("there is no task")
    return not_met(_some(missing), *one.last(TASKS)) if missing else met("each has its task", *one.last(TASKS))


def _vetted(one: Investigation, _rows: Connection) -> Stands:
    if "tool.registered" not in one.newest:
        return not_applicable("no tool had part in it")
    missing = one.due_of("unvetted")
    events = one.last("tool.registered")
    return not_met(_some(missing), *events) if missing else met("each tool is registered and vetted", *events)


def _retained(one: Investigation, _rows: Connection) -> Stands:
    if POLICY not in one.newest:
        return not_met("there is no policy")
    late = one.due_of("retention")
    return not_met(_some(late), *one.last(POLICY)) if late else met("no item is past its days", *one.last(POLICY))


def _backed_up(one: Investigation, rows: Connection) -> Stands:
    copied = [act.event for act in list_acts(rows, "custody.changed") if '"act":"backup' in (act.body or "")]
    if copied:
        return met("backed up; evidence and working files are apart", copied[-1])
    return not_met("no backup was made; evidence and working files are apart", one.opened)


def _covered(one: Investigation, rows: Connection) -> Stands:
    gaps = keywords_lack(rows)
    events = one.last("keyword.added")
    languages = landscape_languages(rows)
    if "keyword.added" not in one.newest:
        return not_met("there are no keywords") if OPENED in one.newest else not_applicable("there is no inquiry")
    if not languages:
        return not_met("no digital landscape says which languages there are", *events)
    said = f"keywords in each language of the landscape ({', '.join(languages)}), and in both directions"
    return not_met(_some(gaps), *events) if gaps else met(said, *events)


def _stated(one: Investigation, rows: Connection) -> Stands:
    seen = statements_seen(rows, list_statements(rows), viewer_of(one.services))
    if not seen:
        return not_met("nothing is stated")
    kinds = Counter(each.kind or "erased" for each in seen)
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return met(f"kept apart: {said}", seen[-1].event)


def _many_sided(one: Investigation, rows: Connection) -> Stands:
    if "search.recorded" not in one.newest:
        return not_met("no search is recorded") if OPENED in one.newest else not_applicable("there is no inquiry")
    gaps = searches_lack(rows)
    engines = list(coverage_of(rows).engines)
    if len(engines) < 2 and not gaps:
        gaps = [f"every search was made with {engines[0]}"] if engines else ["no engine is named"]
    searches = list_searches(rows)
    languages = sorted({each.language for each in searches if each.language})
    gaps += _languages_lack(languages, landscape_languages(rows))
    events = one.last("search.recorded")
    browsers = {each.browser.casefold() for each in searches if each.browser}
    said = f"{len(searches)} searches: engines {', '.join(engines)}; languages {', '.join(languages)}; "
    said += f"{len(browsers)} browsers are named"
    return not_met(_some(gaps), *events) if gaps else met(said, *events)


def _languages_lack(searched: list[str], asked: tuple[str, ...]) -> list[str]:
    """Of which languages there is no search: of those of the landscape, and without one of a second language."""
    if not searched:
        return ["no search names its language"]
    known = {one.partition("-")[0] for one in searched}
    gaps = [f"no search in {one}" for one in asked if one.partition("-")[0] not in known]
    if not asked and len(known) < 2:
        gaps.append(f"every search that names its language was in {searched[0]}")
    return gaps


def _relevant(one: Investigation, rows: Connection) -> Stands:
    newest = [lead.newest for lead in assessed_leads(rows) if lead.newest is not None]
    if not newest:
        return not_met("no lead is assessed")
    compact = sum(1 for each in newest if each.form == AssessmentForm.COMPACT)
    if compact:
        said = f"{compact} of {len(newest)} leads have a compact assessment, without a link"
        return not_met(said, *one.last(ASSESSED))
    return met(f"{len(newest)} leads, each with a link", *one.last(ASSESSED))


def _urgent(one: Investigation, rows: Connection) -> Stands:
    urgent = [lead for lead in assessed_leads(rows) if _is_at_risk(lead)]
    waiting = [lead.lead.label for lead in urgent if not lead.lead.captured]
    if not urgent:
        return not_applicable("no lead that is to be collected is likely to be removed")
    if waiting:
        return not_met(f"likely to be removed and not captured yet: {_some(waiting)}", *one.last(ASSESSED))
    sought = sum(1 for lead in urgent if lead.seeks_better)
    return met(f"{len(urgent)} were captured; of {sought} a better version is still sought", *one.last(ASSESSED))


def _is_at_risk(lead: AssessedLead) -> bool:
    newest = lead.newest
    return newest is not None and newest.removal == Level.HIGH and newest.decision in TO_COLLECT


def _bulk(one: Investigation, rows: Connection) -> Stands:
    passed, warned = gates_passed(rows, MINIMISATION), gates_passed(rows, MINIMISATION, status=WARNED)
    if passed:
        return Stands(Standing.OVERRIDDEN, f"went on for a reason, {len(passed)} times", (passed[-1].event,))
    if warned:
        return not_met("a list of very many addresses went on without reasons and a cap", warned[-1].event)
    if BULK not in one.newest:
        return not_applicable("no list of very many addresses was collected")
    return met("with reasons and a cap", *one.last(BULK))


def _decided_against(one: Investigation, rows: Connection) -> Stands:
    against = [lead for lead in assessed_leads(rows) if lead.newest and lead.newest.decision == Decision.DO_NOT_COLLECT]
    if not against:
        return not_applicable("nobody decided against collecting anything")
    return met(f"{len(against)} are kept and listed", *one.last(ASSESSED))


def _fixity(_one: Investigation, rows: Connection) -> Stands:
    checks = list_acts(rows, FIXITY)
    damaged, sound = unanswered(checks), readings(checks)
    if damaged is not None:
        said = f"the reading of {damaged.done_at[:10]} found damage, and no later one read all of it without any"
        return not_met(said, damaged.event)
    if not sound:
        return not_met("nothing was read and compared yet")
    return met(f"{len(sound)} readings, the newest of {sound[-1].done_at[:10]} without damage", sound[-1].event)


def _fixity_on_time(one: Investigation, rows: Connection) -> Stands:
    found = _fixity(one, rows)
    if found.standing is not Standing.MET:
        return found
    unread = when_read(rows, one.services.clock.read().wall)
    if unread.overdue:
        said = f"{unread.overdue} of {unread.objects} objects were not read for {DAYS} days"
        return not_met(said, *found.events)
    return met(f"each of {unread.objects} objects within {DAYS} days; {found.why}", *found.events)


PLANNING_RULES: Mapping[str, Callable[[Investigation, Connection], Stands]] = {
    "tasks": _tasks,
    "vetted": _vetted,
    "retained": _retained,
    "backed_up": _backed_up,
    "stated": _stated,
    "covered": _covered,
    "many_sided": _many_sided,
    "relevant": _relevant,
    "urgent": _urgent,
    "bulk": _bulk,
    "decided_against": _decided_against,
    "fixity": _fixity,
    "fixity_on_time": _fixity_on_time,
}
"""By the name that the table of obligations gives."""
