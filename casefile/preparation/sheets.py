"""Documents as sheets: which there are, how an empty or a filled one is written as TOML, and what it says when read."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from casefile.canonical import canonical_json
from casefile.model import Value
from casefile.preparation.annexes import Dated, Landscape, Plan, Risk
from casefile.preparation.fields import filled_in
from casefile.preparation.policies import Agreement, Bulk, Conflicts, Policy, Roles, Task
from casefile.refusals import FieldRefused
from casefile.vocabulary_planning import DocumentKind

FORMS: Mapping[DocumentKind, type[Dated]] = {
    DocumentKind.PLAN: Plan,
    DocumentKind.RISK: Risk,
    DocumentKind.LANDSCAPE: Landscape,
    DocumentKind.POLICY: Policy,
    DocumentKind.ROLES: Roles,
    DocumentKind.CONFLICTS: Conflicts,
    DocumentKind.BULK: Bulk,
    DocumentKind.TASK: Task,
    DocumentKind.AGREEMENT: Agreement,
}
NAMED: Mapping[DocumentKind, str] = {
    DocumentKind.CONFLICTS: "the person",
    DocumentKind.BULK: "the job",
    DocumentKind.TASK: "the task",
    DocumentKind.AGREEMENT: "the recipient",
}
"""Kinds of which there are several, and what each is named after."""
BEFORE_GOING_ONLINE = (DocumentKind.PLAN, DocumentKind.RISK, DocumentKind.LANDSCAPE)
"""What has to be there, approved, before anything is collected (paragraph 108)."""
EXPECTED = (*BEFORE_GOING_ONLINE, DocumentKind.POLICY, DocumentKind.ROLES)
BASED_ON = "based_on"
MAX_CHARACTERS = 65_536


def read_document(kind: DocumentKind, given: Mapping[str, Any]) -> tuple[Dated, int]:
    """The document of a filled-in sheet, and the version that it is based on (0: none); raises FieldRefused."""
    fields = dict(given)
    based_on = fields.pop(BASED_ON, 0)
    if type(based_on) is not int or not 0 <= based_on < 1 << 53:
        raise FieldRefused(kind, ((BASED_ON, "has to be the number of the version that was changed"),))
    return filled_in(FORMS[kind], fields, kind), based_on


def text_of(kind: DocumentKind, document: Value) -> str:
    """A document as it is recorded: canonical JSON. Raises FieldRefused for one that is too long."""
    text = canonical_json(document.plain()).decode()
    if len(text) > MAX_CHARACTERS:
        rule = f"has {len(text):,} characters; a document holds at most {MAX_CHARACTERS:,}"
        raise FieldRefused(kind, (("document", rule),))
    return text


def template(kind: DocumentKind, filled: Mapping[str, Any] | None = None, based_on: int = 0) -> str:
    """A sheet to fill in, as TOML; with the answers of the version that it is based on, where there is one."""
    form = FORMS[kind]
    lines = [f"# {(form.__doc__ or '').strip().splitlines()[0]}", f"{BASED_ON} = {based_on}"]
    lines += _section(form, filled or {}, "")
    return "\n".join(lines) + "\n"


def _section(form: type[Value], filled: Mapping[str, Any], path: str) -> Iterator[str]:
    below = []
    for name, field in form.model_fields.items():
        inner = _inner(field.annotation)
        if inner is not None:
            below.append((name, field.description, *inner))
            continue
        if field.description:
            yield f"# {field.description}"
        yield f"{name} = {_written(filled.get(name, _blank(field.annotation, field.default)))}"
    for name, description, inner_form, several in below:
        place = f"{path}{name}"
        entries = filled.get(name) or [{}] if several else [filled.get(name, {})]
        for entry in entries:
            yield ""
            if description:
                yield f"# {description}"
            yield f"[[{place}]]" if several else f"[{place}]"
            yield from _section(inner_form, entry, f"{place}.")


def _inner(annotation: Any) -> tuple[type[Value], bool] | None:
    """The form that a field holds, and whether it holds several."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return annotation, False
    if get_origin(annotation) is tuple:
        first = get_args(annotation)[0]
        if isinstance(first, type) and issubclass(first, Value):
            return first, True
    return None


def _blank(annotation: Any, default: Any) -> Any:
    if isinstance(default, bool | int):
        return default
    if get_origin(annotation) is tuple:
        return []
    if annotation is int or (isinstance(annotation, types.UnionType) and int in get_args(annotation)):
        return 0
    return default if isinstance(default, str) else ""


def _written(value: Any) -> str:
    """A value as TOML, which writes strings, numbers and lists of them as JSON does."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_written(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
