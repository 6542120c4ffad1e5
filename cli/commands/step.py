"""`casefile step`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary_verification import Check, ItemClass
from cli import output
from cli.invocation import Invocation
from verification.refusing import refused

Item = Annotated[str, typer.Argument(help="An item's id or number, such as I-0042.")]
From = Annotated[
    str, typer.Option("--from", help="A sheet with every field, TOML or JSON (`step template CHECK`); - reads it.")
]


def record(
    context: typer.Context,
    item: Item,
    check: Annotated[
        str, typer.Argument(help="The check, such as geolocation; `step checklist ITEM` lists them.")
    ] = "",
    result: Annotated[
        str, typer.Argument(help="supports, contradicts, inconclusive, not_applicable or not_done.")
    ] = "",
    sheet: From = "",
    method: Annotated[str, typer.Option(help="How it was checked.")] = "",
    finding: Annotated[str, typer.Option(help="What was found.")] = "",
    reason: Annotated[str, typer.Option(help="Why it was not done, or does not apply.")] = "",
    limits: Annotated[str, typer.Option(help="What the check does not show.")] = "",
    given: Annotated[list[str] | None, typer.Option("--input", help="What it was done with; again for more.")] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="A part of the item: xywh=…, t=…, page=…; I-0007#t=… of another.")
    ] = None,
    cite: Annotated[list[str] | None, typer.Option(help="Another item that it rests on.")] = None,
    alternative: Annotated[list[str] | None, typer.Option(help="What else was considered, and ruled out why.")] = None,
    place: Annotated[str, typer.Option(help="Coordinates: decimal, DMS, MGRS, or a link to a map.")] = "",
    precision: Annotated[str, typer.Option(help="The radius within which they are meant, such as 25 m.")] = "",
    when: Annotated[str, typer.Option(help="A time in EDTF, such as 2026-05-04T10:21+02:00 or 2026-05~.")] = "",
    other: Annotated[
        list[str] | None,
        typer.Option("--set", help="FIELD=TEXT: basis, gap, effect, claim, expertise, override; again for more."),
    ] = None,
) -> int:
    """Record one check on an item: method, inputs, result, limits, and the parts of the item that it rests on."""
    from pipelines.services import open_services
    from pipelines.verifying import record_step
    from pipelines.written import checked, pairs, read_written
    from verification.steps import NewStep

    invocation: Invocation = context.obj
    stated = {
        "check": check,
        "result": result,
        "method": method,
        "finding": finding,
        "reason": reason,
        "limits": limits,
        "inputs": tuple(given or ()),
        "regions": tuple(region or ()),
        "cites": tuple(cite or ()),
        "alternatives": tuple(alternative or ()),
        "place": place,
        "precision": precision,
        "when": when,
        **pairs("set", other or ()),
    }
    new = read_written(_text(sheet, stated), NewStep) if sheet else checked(stated, NewStep)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        made = record_step(services, item, new)
    if invocation.json:
        output.document({"event": made.event, "item": made.item.id, "number": made.item.label})
    else:
        output.line(f"{made.item.label}: {new.check} {new.result}, recorded as {made.event}")
    return 0


def correct(
    context: typer.Context,
    step: Annotated[str, typer.Argument(help="The event of the step; `step list ITEM` gives it.")],
    sheet: From,
    reason: Annotated[str, typer.Option(help="What was wrong.")],
) -> int:
    """Put a corrected step in the place of one of yours; both versions stay and are linked."""
    from pipelines.services import open_services
    from pipelines.verifying import correct_step
    from pipelines.written import read_written
    from verification.steps import NewStep

    invocation: Invocation = context.obj
    new = read_written(_text(sheet), NewStep)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        made = correct_step(services, step, new, reason)
    if invocation.json:
        output.document({"event": made.event, "item": made.item.id, "number": made.item.label, "corrects": step})
    else:
        output.line(f"{made.item.label}: corrected by {made.event}")
    return 0


def list_(context: typer.Context, item: Item) -> int:
    """List the steps on an item that you may see, corrected ones too."""
    from casefile.records.engine import reading
    from casefile.records.people import list_people
    from casefile.records.queries import find_items
    from pipelines.protecting import require_sight
    from pipelines.services import open_services
    from pipelines.sight import look, viewer_of
    from pipelines.verification_plain import step_plain, step_text

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        require_sight(services, item, "listed", output.note)
        with reading(services.engine) as rows:
            found = find_items(rows, [item])[0]
            seen = look(rows, [found.id], viewer_of(services))[found.id]
            people = {person.id: person.name or "(erased)" for person in list_people(rows)}
    if invocation.json:
        steps = [step_plain(step, people) for step in seen.steps]
        output.document({"item": found.id, "state": seen.state.name, "hidden": seen.hidden, "steps": steps})
        return 0
    rows_ = [
        (step.check, step.result, people.get(step.recorded_by, step.recorded_by), step_text(step), step.event)
        for step in seen.steps
    ]
    output.table(("check", "result", "by", "what", "event"), rows_, none="No step is to be seen.")
    _say_hidden(hidden=seen.hidden)
    return 0


def checklist(context: typer.Context, item: Item) -> int:
    """Show what is done of an item's checklist and what is not, with what machines suggest beside it."""
    from casefile.records.engine import reading
    from casefile.records.people import list_people
    from pipelines.services import open_services
    from pipelines.verification_plain import line_plain
    from pipelines.verifying import checklist_of

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = checklist_of(services, item)
        with reading(services.engine) as rows:
            people = {person.id: person.name or "(erased)" for person in list_people(rows)}
    lines = [line_plain(line, people) for line in found.lines]
    if invocation.json:
        output.document(
            {
                "item": found.item.id,
                "number": found.item.label,
                "class": found.item_class,
                "state": found.seen.state.name,
                "hidden": found.seen.hidden,
                "checks": lines,
            }
        )
        return 0
    output.line(f"{found.item.label}: {found.item_class}, {found.seen.state.name}")
    output.table(
        ("strand", "check", "status", "by", "suggestions", "question"),
        [
            (
                one["strand"],
                one["check"],
                one["status"],
                ", ".join(step["by"] for step in one["steps"]),
                len(one["suggestions"]) or "",
                one["question"],
            )
            for one in lines
        ],
    )
    _say_hidden(hidden=found.seen.hidden)
    return 0


def classify(
    context: typer.Context,
    item: Item,
    item_class: Annotated[ItemClass, typer.Argument(help="What it is.", metavar="CLASS")],
) -> int:
    """Say what class of material an item is, where its role does not tell: satellite imagery, for instance."""
    from pipelines.services import open_services
    from pipelines.verifying import classify_item

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event = classify_item(services, item, item_class)
    if invocation.json:
        output.document({"event": event, "class": item_class})
    else:
        output.line(f"{item}: {item_class}")
    return 0


def template(
    context: typer.Context, check: Annotated[Check, typer.Argument(help="The check.", metavar="CHECK")]
) -> int:
    """Print a sheet to fill in for a check, to be given to `step record ITEM --from FILE`."""
    from verification.sheets import template_of

    invocation: Invocation = context.obj
    if invocation.json:
        output.document({"check": check, "sheet": template_of(check)})
    else:
        for line in template_of(check).splitlines():
            output.line(line)
    return 0


def geojson(
    context: typer.Context,
    items: Annotated[list[str] | None, typer.Argument(help="Items; all of them by default.", metavar="ITEM…")] = None,
) -> int:
    """Print the places that steps established, with radius, method and alternatives, as GeoJSON."""
    from pipelines.geolocations import geojson_of
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        output.document(geojson_of(services, items or ()))
    return 0


def annotations_(context: typer.Context, item: Item) -> int:
    """Print the parts of items that steps rest on, as Web Annotations."""
    from pipelines.geolocations import annotations_of
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        output.document(annotations_of(services, item))
    return 0


def sun(
    context: typer.Context,
    place: Annotated[str, typer.Argument(help="Coordinates: decimal, DMS, MGRS, or a link to a map.")],
    when: Annotated[str, typer.Argument(help="A moment with its offset, such as 2026-05-04T10:21+02:00.")],
) -> int:
    """Say where the sun stood and how shadows fell; a help for a step, and no result by itself."""
    from verification.places import decimal_degrees, read_place
    from verification.sun import moment_of, sun_at

    invocation: Invocation = context.obj
    where = read_place(place)
    seen = sun_at(moment_of(when), where.latitude_e7 / 1e7, where.longitude_e7 / 1e7)
    ratio = seen.shadow_ratio
    told = {
        "latitude": decimal_degrees(where.latitude_e7),
        "longitude": decimal_degrees(where.longitude_e7),
        "elevation_degrees": f"{seen.elevation:.2f}",
        "apparent_elevation_degrees": f"{seen.apparent:.2f}",
        "azimuth_degrees": f"{seen.azimuth:.2f}",
        "shadow_azimuth_degrees": f"{seen.shadow_azimuth:.2f}" if seen.is_up else None,
        "shadow_ratio": f"{ratio:.3f}" if ratio is not None else None,
    }
    if invocation.json:
        output.document(told)
    else:
        for name, value in told.items():
            output.line(f"{name.replace('_', ' ')}: {'none' if value is None else value}")
    return 0


def _say_hidden(*, hidden: bool) -> None:
    if hidden:
        output.note("Assessments of others are not shown before both are in (`casefile review --help`).")


def _text(sheet: str, besides: Mapping[str, object] | None = None) -> str:
    import sys

    from casefile.errors import UsageError

    for field, value in (besides or {}).items():
        if value:
            raise refused(field, "with a sheet, every field is in the sheet")
    try:
        return sys.stdin.read() if sheet == "-" else Path(sheet).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the sheet cannot be read: {error}") from error
