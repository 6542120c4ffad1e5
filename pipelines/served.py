"""Stages of work in the workspaces that are served: called by Prefect's flows, and as a process of its own without.

    python -m pipelines.served look_at_due collect_waiting

Which workspaces those are stands in a local file, so that nothing but ids is ever told to Prefect. A stage acts as a
service: the person who stated a watch did not look at it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from casefile.errors import CasefileError
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import PersonalName, PersonRecorded
from casefile.ids import PersonId, derived, machine_event_id
from casefile.records.engine import reading
from casefile.records.people import list_people
from casefile.vocabulary import ContainmentLevel, PersonKind
from pipelines.scheduled import (
    anchor_heads,
    collect_waiting,
    examine_waiting,
    fixity_slice,
    look_at_due,
    merge_fingerprints,
)
from pipelines.services import Services, open_services

PREFIX = "CASEFILE_SERVE__"
WORKSPACES = f"{PREFIX}WORKSPACES"
"""Names the file that maps investigation ids to folders."""
CONTAINMENT = f"{PREFIX}CONTAINMENT"
"""The level of containment that `serve` was asked for."""
CODE = f"{PREFIX}CODE"
"""Where the code of the flows is, for prefect.yaml."""
SERVICE = "casefile serve"

Stage = Callable[[Services, ContainmentLevel], None]
STAGES: Mapping[str, Stage] = {
    stage.__name__: stage
    for stage in (look_at_due, collect_waiting, examine_waiting, anchor_heads, fixity_slice, merge_fingerprints)
}


def served_workspaces(environment: Mapping[str, str]) -> dict[str, Path]:
    """The folders that are served, by investigation id, in the order of the ids."""
    folders: dict[str, str] = json.loads(Path(environment[WORKSPACES]).read_text("utf-8"))
    return {name: Path(folders[name]) for name in sorted(folders)}


def run_stage(investigation: str, stage: str, environment: Mapping[str, str]) -> None:
    """Run one stage in one workspace, as the service. Raises what the stage raises."""
    folder = served_workspaces(environment)[investigation]
    settings = {name: value for name, value in environment.items() if not name.startswith(PREFIX)}
    level = ContainmentLevel(environment.get(CONTAINMENT, ContainmentLevel.FULL))
    with open_services(folder, settings) as services:
        service = record_service(services)
    with open_services(folder, settings, person=service) as services:
        STAGES[stage](services, level)


def record_service(services: Services) -> PersonId:
    """The id of the service in this workspace, which is recorded the first time."""
    service = PersonId(derived(services.log.id, "service", SERVICE))
    with reading(services.engine) as connection:
        known = {person.id for person in list_people(connection)}
    if service not in known:
        services.append(
            draft(
                "person.recorded",
                Subject(kind="person", id=service),
                body=PersonRecorded(kind=PersonKind.SERVICE),
                personal=PersonalName(name=SERVICE),
                id=machine_event_id(services.log.id, service, "person.recorded", 1),
            )
        )
    return service


def main(stages: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run these stages in every workspace that is served; 1 when any of them raised an error of ours."""
    failed = 0
    for investigation in served_workspaces(environment):
        for stage in stages:
            try:
                run_stage(investigation, stage, environment)
            except CasefileError as error:
                failed = 1
                complain(stage, error)
    return failed


def complain(stage: str, error: Exception) -> None:
    """One line for the log file of `serve`: the kind of the error and where it was raised, never its words.

    They may be those of a page, a file or a person; what became of an attempt is in its record.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""
    sys.stderr.write(f"{stage}: {type(error).__name__}{place}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
