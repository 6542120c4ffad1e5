"""`casefile fixity`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.errors import UsageError
from cli import output
from cli.invocation import Invocation

INTEGRITY = 5


def fixity(
    context: typer.Context,
    sample: Annotated[int, typer.Option(min=0, help="Read only so many objects, chosen at random.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Choose the same objects as a run that printed this.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Read only what is due, as the schedule does each night.")] = False,
) -> int:
    """Read stored bytes again and compare their digests: all of them, a sample, or what is due. One event a run."""
    from pipelines.fixity import check_fixity, due_slice, random_sample
    from pipelines.services import open_services
    from preservation.vault_audit import Sample, Slice

    if (due and sample) or (seed is not None and not sample):
        raise UsageError("say --due, or --sample N with or without --seed S, or neither for all")
    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        chosen: Sample | Slice | None = None
        if due:
            chosen = due_slice(services)
        elif sample:
            chosen = random_sample(sample, seed)
        run = check_fixity(services, chosen)
    if invocation.json:
        output.document(
            {
                "ok": not run.problems,
                "scope": run.scope,
                "seed": chosen.seed if isinstance(chosen, Sample) else None,
                "slices": list(chosen.numbers) if isinstance(chosen, Slice) else None,
                "objects": run.checked.objects,
                "files": run.checked.files,
                "bytes": run.checked.bytes,
                "problems": [{"code": one.code, "text": one.text, "path": one.path} for one in run.problems],
            }
        )
        return INTEGRITY if run.problems else 0
    for one in run.problems:
        output.line(f"{one.code} {one.path}: {one.text}")
    seeded = f" Seed {chosen.seed}." if isinstance(chosen, Sample) else ""
    output.line(f"Read {output.counted(run.checked.objects, 'object')}, {run.checked.bytes} bytes.{seeded}")
    output.line(f"{output.counted(len(run.problems), 'problem')}." if run.problems else "Nothing was found.")
    return INTEGRITY if run.problems else 0
