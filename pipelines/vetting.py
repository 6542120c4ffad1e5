"""Vetting of tools: the questions of the Berkeley Protocol's Annex V, and this investigation's answers."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from casefile.canonical import canonical_json
from casefile.errors import UsageError
from casefile.events.port import draft
from casefile.events.types import DocumentVersioned
from casefile.ids import EventId
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.records.tools import list_tools
from pipelines.services import Services

KIND = "vetting"
NOT_ANSWERED = "not answered"
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "features": {
        "code_openness": "Is the code open or closed, under which licence?",
        "cost": "What does it cost?",
        "owner_interests": "Who owns it, with which interests?",
        "funding": "How is it funded, how long may it last?",
    },
    "security": {
        "owner": "Who answers for its security?",
        "audit": "Was it audited, by whom, with what result?",
        "data_location": "Where are data kept?",
        "data_access": "Who and what has access to data?",
        "infrastructure": "On whose infrastructure does it run?",
        "legal_obligations": "Which legal obligations does its owner have, and where?",
        "remedy": "What can be done when it goes wrong?",
    },
    "operations": {
        "functionality": "What does it do for us?",
        "usability": "Who can use it, after what training?",
        "support": "Who helps?",
        "updates": "How often is it updated?",
        "compatibility": "What does it work with?",
    },
}
"""Annex V, by its three headings."""
FIELDS = tuple(field for questions in QUESTIONS.values() for field in questions)


@dataclass(frozen=True, slots=True)
class Vetting:
    """The answers about one tool; `number` is 0 for what is only suggested by Casefile's makers."""

    tool: str
    number: int
    answers: Mapping[str, str]
    review_by: str = ""
    answered_at: str = ""
    answered_by: str = ""

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The questions without an answer."""
        return tuple(field for field in FIELDS if self.answers.get(field, NOT_ANSWERED) == NOT_ANSWERED)


def vet(services: Services, tool: str, sheet: str) -> tuple[EventId, Vetting]:
    """Record a filled-in sheet as the next version of a tool's answers. Raises UsageError for what is no sheet."""
    answers, review_by = read_sheet(sheet)
    number = max((one.number for one in vettings(services, tool)), default=0) + 1
    text = canonical_json(dict(answers)).decode()
    body = DocumentVersioned(kind=KIND, name=tool, number=number, text=text, review_by=review_by)
    (event,) = services.append(draft("document.versioned", body=body))
    return event, vettings(services, tool)[-1]


def vettings(services: Services, tool: str = "") -> list[Vetting]:
    """Every version of the answers, of one tool or of all, the earliest first. Erased ones are left out."""
    with reading(services.engine) as connection:
        acts = list_acts(connection, "document.versioned")
    found = []
    for act in acts:
        stated = json.loads(act.body) if act.body is not None else {}
        if stated.get("kind") == KIND and tool in ("", stated["name"]):
            answers = json.loads(stated["text"])
            about = (stated["name"], stated["number"], answers, stated.get("review_by", ""))
            found.append(Vetting(*about, answered_at=act.done_at, answered_by=act.done_by))
    return found


def unvetted(services: Services) -> list[str]:
    """The names of the registered tools that nobody of this investigation has answered for, sorted."""
    with reading(services.engine) as connection:
        registered = {tool.name for tool in list_tools(connection) if tool.name}
    return sorted(registered - {one.tool for one in vettings(services)})


def read_sheet(sheet: str) -> tuple[Mapping[str, str], str]:
    """The answers and the date of the next review. Raises UsageError for anything that is no such sheet."""
    try:
        stated = tomllib.loads(sheet)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the sheet is not TOML: {error}") from error
    review_by = stated.pop("review_by", "")
    if isinstance(review_by, date):
        review_by = review_by.isoformat()
    answers: dict[str, str] = {}
    for heading, given in stated.items():
        if heading not in QUESTIONS or not isinstance(given, dict):
            raise UsageError(f"{heading!r} is no heading of Annex V; they are {', '.join(QUESTIONS)}")
        for field, answer in given.items():
            if field not in QUESTIONS[heading] or not isinstance(answer, str):
                raise UsageError(f"{heading}.{field} is no question of Annex V, or its answer is no text")
            answers[field] = answer.strip() or NOT_ANSWERED
    if not any(answer != NOT_ANSWERED for answer in answers.values()):
        raise UsageError("the sheet answers nothing")
    _require_date(review_by)
    return {field: answers.get(field, NOT_ANSWERED) for field in FIELDS}, review_by


def _require_date(review_by: object) -> None:
    try:
        date.fromisoformat(str(review_by))
    except ValueError as error:
        raise UsageError("the sheet needs review_by, the date of the next review, such as 2027-11-30") from error


def suggested(tool: str) -> Vetting:
    """What Casefile's makers can say of a tool; nobody of this investigation has answered for it."""
    return Vetting(tool, 0, {field: _suggestions().get(tool, {}).get(field, NOT_ANSWERED) for field in FIELDS})


def template(tool: str, start: Vetting) -> str:
    """A sheet to fill in, with the answers that there are."""
    lines = [f"# Vetting of {tool}: Berkeley Protocol, Annex V. Answer, check what is there, set the date.", ""]
    lines += [f'review_by = "{start.review_by}"']
    for heading, questions in QUESTIONS.items():
        lines += ["", f"[{heading}]"]
        for field, question in questions.items():
            answer = start.answers.get(field, NOT_ANSWERED)
            lines += [f"# {question}", f"{field} = {json.dumps(answer, ensure_ascii=True)}"]
    return "\n".join(lines) + "\n"


@cache
def _suggestions() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("pipelines").joinpath("vetting.toml").read_text("utf-8"))
