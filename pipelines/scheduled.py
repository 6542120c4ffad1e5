"""What runs by the clock, in one workspace: due watches, leads left over, items not examined, stamps, fixity."""

from __future__ import annotations

from casefile.errors import IntegrityError
from casefile.records.engine import reading
from casefile.records.leads import purposes_of
from casefile.records.queries import waiting_leads
from casefile.vocabulary import ContainmentLevel, Pathway, Purpose
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.custody import checkpoint
from pipelines.edge_index import edge_index
from pipelines.examine import examine_items, examining
from pipelines.fixity import check_fixity, due_slice
from pipelines.monitor import run_due, take_up_dead_runs
from pipelines.services import Services
from pipelines.stamping import anchor


class FixityFailed(IntegrityError):
    """A pass over stored bytes found something."""

    def __init__(self, problems: int) -> None:
        super().__init__(f"a fixity pass found {problems} problems")
        self.problems = problems


def look_at_due(services: Services, level: ContainmentLevel) -> None:
    """Look at every watch that is due; how each look ended is in the log."""
    run_due(services, level)


def collect_waiting(services: Services, level: ContainmentLevel) -> None:
    """Take up the leads that no attempt has brought to an end, unless somebody is collecting: then they may be theirs.

    Each is collected for what it, or its job, was being collected for, by which its method is chosen. Leads of a watch
    are left to its next look, which knows what they are collected for.
    """
    take_up_dead_runs(services, level)
    if _others_collect(services):
        return
    with reading(services.engine) as connection:
        leads = [lead for lead in waiting_leads(connection) if lead.pathway is not Pathway.MONITOR]
        purposes = purposes_of(connection, leads)
    if not leads:
        return
    with examining(services, level) as examine:
        for purpose in Purpose:
            some = [lead for lead in leads if purposes.get(lead.id, Purpose.WORK) is purpose]
            if some:
                options = CaptureOptions(purpose=purpose, level=level)
                collect(services, some, options, told=lambda _result: None, examine=examine)


def _others_collect(services: Services) -> bool:
    """Whether another run is alive: those that died were taken up, and their folders are gone."""
    return any(path.is_dir() and path.name != services.run_id for path in services.staging.root.iterdir())


def examine_waiting(services: Services, level: ContainmentLevel) -> None:
    """Examine what was never examined."""
    examine_items(services, (), level)


def merge_fingerprints(services: Services, level: ContainmentLevel) -> None:
    """Check the files of the index of fingerprints, write anew what is damaged, and make few of many."""
    del level
    edge_index(services).merge()


def anchor_heads(services: Services, level: ContainmentLevel) -> None:
    """Sign the head where something was recorded, and ask the time authorities that have not stamped it.

    Nothing is done where none is configured: then nothing would be proved by it.
    """
    del level
    if services.settings.time.authorities:
        checkpoint(services)
        anchor(services)


def fixity_slice(services: Services, level: ContainmentLevel) -> None:
    """Read the share of the vault that is due; raises FixityFailed when something is found."""
    del level
    run = check_fixity(services, due_slice(services))
    if run.problems:
        raise FixityFailed(len(run.problems))
