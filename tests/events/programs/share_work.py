"""Claims every key in turn and records what it did with each: `share_work.py FOLDER URL HOLDER KEYS`.

Doing a piece of work is appending a line to FOLDER/done while the claim is held.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from casefile.records.engine import open_engine, writing
from casefile.records.ledger import Busy, Claim, Ledger, finish


def main(folder: str, url: str, holder: str, keys: str) -> None:
    engine = open_engine(url, Path(folder, "casefile.db"))
    ledger = Ledger(engine, holder, 60_000)
    left = [str(number) for number in range(int(keys))]
    with Path(folder, "done").open("ab", buffering=0) as done:
        while left:
            busy = []
            for key in left:
                claim = ledger.claim("stage", key, time.time_ns() // 1_000_000)
                if isinstance(claim, Busy):
                    busy.append(key)
                elif isinstance(claim, Claim):
                    os.write(done.fileno(), f"{claim.key}\n".encode())
                    with writing(engine) as connection:
                        finish(connection, claim)
            left = busy


if __name__ == "__main__":
    main(*sys.argv[1:])
