"""`casefile duplicates`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel, Judgement
from cli import output
from cli.invocation import Invocation


def list_(
    context: typer.Context,
    csv: Annotated[Path | None, typer.Option(help="Write the pairs as CSV into this file.")] = None,
    inside: Annotated[bool, typer.Option("--inside", help="Also pairs inside one capture.")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="Also pairs that a person called different.")] = False,
) -> int:
    """List pairs that look alike, with the evidence; a machine suggests, a person decides."""
    from pipelines.features import stills_waiting
    from pipelines.neighbours import list_pairs, pixels_waiting
    from pipelines.pair_report import PAIR_COLUMNS, pair_json, pair_row, stills_line, waiting_line, write_pairs
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        pairs = list_pairs(services, inside_captures=inside, rejected=rejected)
        waiting, stills = pixels_waiting(services.engine), stills_waiting(services.engine, services.settings.examine)
    if waiting:
        output.note(waiting_line(waiting))
    if stills:
        output.note(stills_line(stills))
    if csv is not None:
        write_pairs(csv, pairs)
    if invocation.json:
        output.document({"edges": [pair_json(pair) for pair in pairs]})
    elif csv is None:
        output.table(PAIR_COLUMNS, map(pair_row, pairs))
    else:
        output.line(f"{output.counted(len(pairs), 'pair')} in {csv}")
    return 0


def show(
    context: typer.Context,
    cluster: Annotated[str, typer.Argument(help="A cluster's id, or the id or number of an item in it.")],
) -> int:
    """Show the copies that count as one side by side, with the best, the first one found, and what links them."""
    from cli.copy_report import COPY_COLUMNS, copies_json, copy_row
    from cli.item_report import item_json
    from pipelines.copies import copies_of
    from pipelines.neighbours import cluster_of
    from pipelines.pair_report import PAIR_COLUMNS, first_copy_json, pair_json, pair_row
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = cluster_of(services, cluster)
        copies = copies_of(services, found)
    if invocation.json:
        items, edges = [item_json(item) for item in found.items], [pair_json(pair) for pair in found.pairs]
        document = {"cluster": found.id, "items": items, "edges": edges, "held_back": list(found.held_back)}
        output.document(document | {"first_copy": first_copy_json(found.first_copy)} | copies_json(copies))
    else:
        output.line(f"Cluster {found.id}")
        output.table(COPY_COLUMNS, map(copy_row, copies.rows))
        output.table(PAIR_COLUMNS, map(pair_row, found.pairs), none="Nothing is linked to it.")
        for pair in found.pairs:
            output.line(f"{pair.item_a.label} and {pair.item_b.label}: {pair.explanation}")
        if len(found.items) > 1 and copies.best is not None:
            output.line(f"Best copy suggested: {copies.best.item.label}, {copies.reason}.")
        if len(found.items) > 1 and (first := found.first_copy) is not None:
            output.line(f"First copy found: {first.item.label}, {first.at}, {first.basis}.")
        for edge in found.held_back:
            output.line(f"Held back until a person decides: {edge}")
    return 0


def lookup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A picture or video that is no item; it is not kept.")],
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Look for items that are like a file of yours, without admitting it."""
    from pipelines.pair_report import lookup_json, lookup_row
    from pipelines.services import open_services
    from pipelines.similar import look_up

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = look_up(services, file, containment)
    if invocation.json:
        output.document({"matches": [lookup_json(one) for one in found]})
    else:
        output.table(("item", "score", "tier", "method"), map(lookup_row, found))
    return 0


def compare(
    context: typer.Context,
    item_a: Annotated[str, typer.Argument(help="An item's id or number.")],
    item_b: Annotated[str, typer.Argument(help="Another item's id or number.")],
    picture: Annotated[
        Path | None, typer.Option(help="Draw both stills, one laid upon the other, into this new PNG file.")
    ] = None,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Compare two items, also when they are too far apart to be listed."""
    from casefile.legible import spoken
    from pipelines.comparing import draw_comparison
    from pipelines.services import open_services
    from pipelines.similar import compare_items

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        compared = compare_items(services, item_a, item_b)
        if picture is not None:
            compared |= draw_comparison(services, (item_a, item_b), picture, containment)
    if invocation.json:
        output.document(compared)
    else:
        for name, value in compared.items():
            output.line(f"{name.replace('_', ' ')}: {spoken(value)}")
    return 0


def decide(
    context: typer.Context,
    edge: Annotated[str, typer.Argument(help="The edge's id, or its first eight digits or more.")],
    judgement: Annotated[Judgement, typer.Argument(help="What you see.")],
    reason: Annotated[str, typer.Option(help="Why; kept with your name.")],
) -> int:
    """Decide whether two items show the same; nothing is merged, and a later decision counts instead."""
    from pipelines.neighbours import decide as decide_edge
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event = decide_edge(services, edge, judgement, reason)
    if invocation.json:
        output.document({"event": event})
    else:
        output.line("Decided.")
    return 0


def match_hashes(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A list of PDQ hashes: `pdq HASH` or HASH, one a line.")],
) -> int:
    """Compare a list of PDQ hashes, as ThreatExchange's tools exchange them, with the items; nothing is taken over."""
    from pipelines.hash_lists import compare_list
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = compare_list(services, file)
    if found.refused:
        output.note(f"{output.counted(len(found.refused), 'line')} hold no hash, the first is line {found.refused[0]}")
    for said in found.limits:
        output.note(f"a hash is {said}")
    if invocation.json:
        matches = [
            {"hash": one.hash, "item": one.item.id, "number": one.item.label, "distance": one.bits, "tier": one.tier}
            for one in found.matches
        ]
        output.document(
            {
                "hashes": found.hashes,
                "matches": matches,
                "refused_lines": list(found.refused),
                "search": found.search,
                "limits": list(found.limits),
            }
        )
    else:
        rows = ((one.hash, one.item.label, one.score, one.tier) for one in found.matches)
        output.table(("hash", "item", "score", "tier"), rows, none="None of them is near an item.")
    return 0


def export_hashes(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The new file.")],
) -> int:
    """Write the PDQ hashes of the pictures here as a list for others: hashes only, nothing of items kept closely."""
    from pipelines.hash_lists import export_list
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        count = export_list(services, out)
    if invocation.json:
        output.document({"file": str(out), "hashes": count})
    else:
        output.line(f"{output.counted(count, 'PDQ code')} in {out}")
    return 0
