"""`casefile element`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary_elements import ElementKind, Function
from cli import output
from cli.invocation import Invocation


def add(
    context: typer.Context,
    crime: Annotated[str, typer.Argument(help="The crime, with the law that is applied.")],
    text: Annotated[str, typer.Argument(help="What has to be proved.")],
    kind: Annotated[ElementKind, typer.Option(help="What kind of element it is.")],
) -> int:
    """State an element of a crime that has to be proved."""
    from pipelines.elements import state_element
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        stated = state_element(services, crime, kind, text)
    if invocation.json:
        output.document(stated.plain())
    else:
        output.line(f"{stated.label} is stated.")
    return 0


def link(
    context: typer.Context,
    element: Annotated[str, typer.Argument(help="The element's number, such as E-0001.")],
    items: Annotated[list[str], typer.Argument(help="Items that bear on it.", metavar="ITEM…")],
    function: Annotated[Function, typer.Option(help="What the items do for it; none takes a link back.")],
    why: Annotated[str, typer.Option(help="How they bear on it.")],
) -> int:
    """Record that items bear on an element."""
    from pipelines.elements import link_element
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        linked = link_element(services, element, items, function, why)
    if invocation.json:
        output.document(linked.plain())
    else:
        output.line(f"{linked.label}: {output.counted(len(linked.items), 'item')}")
    return 0


def matrix(context: typer.Context) -> int:
    """List every element with the items that bear on it, and which elements nothing supports."""
    from casefile.records.engine import reading
    from pipelines.elements import matrix as matrix_
    from pipelines.services import open_services
    from pipelines.sight import viewer_of

    invocation: Invocation = context.obj
    with (
        open_services(invocation.workspace, invocation.environment, person=invocation.person) as services,
        reading(services.engine) as rows,
    ):
        found = matrix_(rows, viewer_of(services))
    if invocation.json:
        output.document({"elements": [one.plain() for one in found]})
        return 0
    listed = [
        (
            one.label,
            one.crime,
            one.kind,
            one.text,
            ", ".join(f"{item} {function}" for item, function in one.items.items()),
            "" if one.supported else "unsupported",
        )
        for one in found
    ]
    output.table(("element", "crime", "kind", "text", "items", ""), listed, none="No element is stated.")
    return 0
