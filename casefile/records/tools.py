"""Reading the tool register."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from casefile.records.engine import tables


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """A registered tool, and how many events it had part in. What was erased is None."""

    id: str
    name: str | None
    version: str | None
    path: str | None
    sha256: str | None
    registered_at: str
    uses: int


def list_tools(connection: Connection) -> list[ToolRecord]:
    """Every registered tool, by name and in the order of their registration."""
    tool, use = tables("view_")["view_tool"], tables("view_")["view_tool_use"]
    uses = select(func.count()).where(use.c.tool == tool.c.id).scalar_subquery()
    names = ("id", "name", "version", "path", "sha256", "registered_at")
    rows = connection.execute(
        select(*(tool.c[name] for name in names), uses.label("uses")).order_by(tool.c.name, tool.c.registered_at)
    )
    return [ToolRecord(**row._mapping) for row in rows]
