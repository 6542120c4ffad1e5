"""Reading the settings that the log states."""

from __future__ import annotations

from sqlalchemy import Connection, select

from casefile.records.engine import tables


def stated_values(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Event and value (canonical JSON) of each statement of a setting, the earliest first, without erased ones."""
    setting = tables("view_")["view_setting"]
    wanted = select(setting.c.event, setting.c.value).where(setting.c.name == name, setting.c.value.is_not(None))
    return [
        (row.event, row.value) for row in connection.execute(wanted.order_by(setting.c.changed_at, setting.c.event))
    ]
