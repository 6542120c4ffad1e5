"""What somebody put into a database beside its tables is named."""

from __future__ import annotations

from casefile.records.comparing import planted
from casefile.records.engine import writing

from .places import Place

FORGET = "CREATE TRIGGER {} AFTER INSERT ON {} BEGIN DELETE FROM {}; END"


def test_triggers_and_views_on_what_is_compared_are_named_and_ours_are_not(sqlite_place: Place) -> None:
    assert list(planted(sqlite_place.engine, "log_", "view_")) == []
    with writing(sqlite_place.engine) as connection:
        connection.exec_driver_sql(FORGET.format("a", "log_entry", "work_item"))
        connection.exec_driver_sql(FORGET.format("b", "work_item", "VIEW_REMARK"))
        connection.exec_driver_sql("CREATE VIEW c AS SELECT * FROM view_remark")
        connection.exec_driver_sql(FORGET.format("d", "work_item", "work_item"))
    found = list(planted(sqlite_place.engine, "log_", "view_"))
    assert found == [("trigger", "a"), ("trigger", "b"), ("view", "c")]
