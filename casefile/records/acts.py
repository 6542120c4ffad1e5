"""Reading acts on the holdings as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from casefile.records.engine import tables


@dataclass(frozen=True, slots=True)
class Act:
    """One act; `subject` and `body` are JSON, and `body` is None where it was erased."""

    event: str
    status: str | None
    subject: str | None
    body: str | None
    done_at: str
    done_by: str


def list_acts(connection: Connection, kind: str, *, naming: str = "") -> list[Act]:
    """Every act of an event type, in the order of the log; with `naming` only those whose subjects name that id."""
    act, entry = tables("view_")["view_act"], tables("log_")["log_entry"]
    columns = [act.c[name] for name in Act.__dataclass_fields__]
    wanted = select(*columns).join(entry, entry.c.event == act.c.event).where(act.c.type == kind)
    if naming:
        wanted = wanted.where(act.c.subject.contains(f'"{naming}"', autoescape=True))
    return [Act(**row._mapping) for row in connection.execute(wanted.order_by(entry.c.position))]


def last_act(connection: Connection, kind: str, *, subject: str) -> Act | None:
    """The newest act of an event type about `subject`, the JSON of its subjects; None when there is none."""
    act, entry = tables("view_")["view_act"], tables("log_")["log_entry"]
    columns = [act.c[name] for name in Act.__dataclass_fields__]
    wanted = select(*columns).join(entry, entry.c.event == act.c.event)
    wanted = wanted.where(act.c.type == kind, act.c.subject == subject)
    row = connection.execute(wanted.order_by(entry.c.position.desc()).limit(1)).first()
    return None if row is None else Act(**row._mapping)
