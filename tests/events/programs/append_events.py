"""Appends numbered events to a log on SQLite and says which were acknowledged: `append_events.py FOLDER COUNT`.

After an error it says what it was and goes on with the next event, as a long run would.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from casefile.clock import SystemClock
from casefile.errors import CasefileError
from casefile.events.append import Actor, Log
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import Words
from casefile.ids import LogId, RunId, machine_event_id
from casefile.records.engine import sqlite_engine

LOG = LogId("01920000-0000-7000-8000-0000000000f0")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main(folder: str, count: str) -> None:
    log = Log(sqlite_engine(Path(folder, "casefile.db")), Path(folder, "log"), LOG, SystemClock())
    actor = Actor.person("somebody", RunId("run"))
    for number in range(int(count)):
        event = draft(
            "remark.added",
            Subject(kind="lead", id=str(number)),
            personal=Words(text=f"remark {number}"),
            id=machine_event_id(LOG, "crash", "remark", number),
        )
        try:
            log.append([event], actor)
        except CasefileError as error:
            say(f"REFUSED {number} {type(error).__name__}")
        else:
            say(f"ACK {number}")
    say("END")


if __name__ == "__main__":
    main(*sys.argv[1:])
