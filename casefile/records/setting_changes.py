"""Reading the settings that the log states."""

from __future__ import annotations

from sqlalchemy import Connection, select

from casefile.records.engine import tables


def stated_values(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Event and value (canonical JSON) of each statement of a setting, in the order of the log, without erased ones."""
    setting, entry = tables("view_")["view_setting"], tables("log_")["log_entry"]
    wanted = select(setting.c.event, setting.c.value).where(setting.c.name == name, setting.c.value.is_not(None))
    in_order = wanted.join(entry, entry.c.event == setting.c.event).order_by(entry.c.position)
    return [(row.event, row.value) for row in connection.execute(in_order)]
