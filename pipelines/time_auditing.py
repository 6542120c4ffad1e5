"""Auditing the time stamps of a workspace: tokens against the roots that are configured, wall times against tokens."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from casefile.clock import SystemClock
from casefile.errors import SettingsError
from casefile.records.engine import Connection, Engine, reading
from casefile.records.timestamps import cited_tokens, list_timestamps, recorded_times
from casefile.settings import Settings
from casefile.workspace import Workspace
from pipelines.stamping import read_authority
from preservation.brackets import Bracket, Brackets
from preservation.certificates import Certificate
from preservation.problems import Problem, problem
from preservation.time_audit import Claim, NamedToken, TimeAudit, WhyNotOurs, outside

UNSTAMPED = "No time stamp proves when any of it was there: times are what the clock of this machine said."
STAMPED = (
    "A time stamp proves that what it covers was there by then. What was cut off or written anew together with its "
    "time stamps, an audit cannot see without a head that somebody outside holds."
)
UNROOTED = (
    "No roots are configured here for {names}: those time stamps were checked against the certificates that lie "
    "beside them, which shows damage and no forgery."
)


def time_problems(
    workspace: Workspace, settings: Settings, replayed: Engine, why_not_ours: WhyNotOurs
) -> Generator[Problem, None, TimeAudit]:
    """Everything about time stamps; gives the audit, which counts them."""
    with reading(replayed) as connection:
        records = list_timestamps(connection)
    named = [NamedToken(one.event, one.position, one.body) for one in records if one.confirmed]
    roots = yield from _roots(workspace, settings)
    audit = TimeAudit(workspace.log, named, roots, why_not_ours)
    yield from audit.problems(SystemClock().read().wall)
    with reading(replayed) as connection:
        yield from outside(_claims(connection, audit.brackets))
        yield from _citations(connection, {one.event: one for one in named}, audit)
    return audit


def time_unseen(audit: TimeAudit) -> Iterator[str]:
    """What an audit of these time stamps cannot see."""
    yield STAMPED if audit.tokens else UNSTAMPED
    if audit.unrooted:
        yield UNROOTED.format(names=", ".join(sorted(audit.unrooted)))


def _roots(workspace: Workspace, settings: Settings) -> Generator[Problem, None, Mapping[str, tuple[Certificate, ...]]]:
    """The roots that are configured; a file that cannot be read is a finding, and counts as none."""
    found = {}
    for one in settings.time.authorities:
        try:
            found[one.name] = read_authority(workspace.root, one).roots
        except SettingsError as error:
            yield problem("P126", workspace.settings.name, authority=one.name, reason=error.problem)
    return found


def _claims(connection: Connection, brackets: Brackets) -> Iterator[Claim]:
    """The wall time of every event that a time stamp bears on."""
    for one in recorded_times(connection):
        bracket = brackets.of(one.position)
        if bracket.after is not None or bracket.before is not None:
            yield Claim(f"event {one.event}", one.recorded_at, bracket)


def _citations(connection: Connection, named: Mapping[str, NamedToken], audit: TimeAudit) -> Iterator[Problem]:
    """What captures cite as older than themselves: the log has it, and they do not end before it."""
    for one in cited_tokens(connection):
        where = f"capture {one.capture}"
        cited, token = one.not_before, named.get(str(one.not_before.get("event")))
        said = None if token is None else (token.body.response, token.body.time, token.body.authority)
        if token is None or said != (cited.get("token"), cited.get("time"), cited.get("authority")):
            yield problem("P135", where)
        elif token.event in audit.marks:
            yield from outside([Claim(where, one.ended_at, Bracket(audit.marks[token.event], None))])
