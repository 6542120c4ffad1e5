"""Small workspaces with signed heads, and one that is broken in each way that an audit of them can find.

`python tests/custody/cases.py DIR` writes every broken example to a folder named by its code.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from casefile.events.port import draft
from casefile.events.types import CustodyChanged, KeyStated
from pipelines.custody import checkpoint
from pipelines.keys import revoke
from pipelines.opening import open_investigation
from pipelines.services import Services, open_services
from preservation.checkpoints import Checkpoint, SignedCheckpoint
from preservation.keys import SigningKey
from preservation.notes import signed

TILE = "log/tile/0/000.p/4"
NEWEST = "log/checkpoint"


def said(services: Services, count: int = 1) -> None:
    services.append(*(draft("custody.changed", body=CustodyChanged(act=f"act {one}")) for one in range(count)))


def sound(folder: Path) -> Path:
    """Three heads: of 4 events, then of 7, then of 9."""
    root = open_investigation(folder, "Lake", "Ada", {}).root
    with open_services(root, {}) as services:
        checkpoint(services)
        said(services, 2)
        checkpoint(services)
        said(services)
        checkpoint(services)
    return root


def copied(root: Path, target: Path) -> Path:
    return Path(shutil.copytree(root, target, symlinks=True))


def forged(root: Path, size: int, content: bytes, key: Path) -> bytes:
    """A head of that size and root, signed with that key."""
    head = SignedCheckpoint.parse((root / NEWEST).read_bytes()).head
    made = Checkpoint(head.origin, size, content)
    signer = SigningKey.read(key)
    note = signed(made.text, [(head.origin, signer.public.raw, signer.sign(made.text.encode()))])
    return note.to_bytes()


def root_at(root: Path) -> bytes:
    return SignedCheckpoint.parse((root / NEWEST).read_bytes()).head.root


def other_bytes(root: Path) -> None:
    path = root / TILE
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def missing_tile(root: Path) -> None:
    (root / "log/tile/0/000.p/9").unlink()


def stranger(root: Path) -> None:
    (root / "log/tile/0/001").write_bytes(b"put here")


def truncated_head(root: Path) -> None:
    path = root / NEWEST
    path.write_bytes(path.read_bytes()[:-20])


def head_by_another_key(root: Path) -> None:
    (root / NEWEST).write_bytes(forged(root, 9, root_at(root), root / "root-key/root.key"))


def head_over_other_events(root: Path) -> None:
    (root / NEWEST).write_bytes(forged(root, 9, bytes(32), root / "keys/log.key"))


def head_over_more_events(root: Path) -> None:
    (root / NEWEST).write_bytes(forged(root, 99, bytes(32), root / "keys/log.key"))


def older_head_put_back(root: Path) -> None:
    shutil.copy(root / "log/checkpoints" / f"{4:016d}", root / NEWEST)


def unconfirmed_key(root: Path) -> None:
    with open_services(root, {}) as services:
        raw = "00" * 32
        services.append(
            draft("key.stated", body=KeyStated(purpose="log", algorithm="ed25519", public_key=raw, fingerprint="x"))
        )


def revoked_key(root: Path) -> None:
    with open_services(root, {}) as services:
        revoke(services, 7, "the machine was out of sight")


def attested_head_gone(root: Path) -> None:
    (root / "log/checkpoints" / f"{4:016d}").unlink()


EXAMPLES: Mapping[str, Callable[[Path], None]] = {
    "P070": other_bytes,
    "P071": missing_tile,
    "P072": stranger,
    "P073": truncated_head,
    "P074": head_by_another_key,
    "P075": head_over_other_events,
    "P076": head_over_more_events,
    "P077": older_head_put_back,
    "P078": unconfirmed_key,
    "P079": revoked_key,
    "P080": attested_head_gone,
}
"""What breaks a sound workspace so that an audit says this code."""


def in_database(statement: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        database = sqlite3.connect(root / "casefile.db")
        with database:
            database.execute(statement)
        database.close()

    return change


PLANTED: Mapping[str, Callable[[Path], None]] = {
    "P066": in_database("CREATE TRIGGER planted AFTER INSERT ON log_entry BEGIN DELETE FROM view_remark; END"),
    "P067": in_database("CREATE TABLE planted (words)"),
    "P068": in_database("ALTER TABLE view_item ADD COLUMN planted"),
}
"""What somebody puts into the database beside what is ours."""


def outside_fork(root: Path) -> bytes:
    return forged(root, 7, bytes(32), root / "keys/log.key")


def outside_ahead(root: Path) -> bytes:
    return forged(root, 70, bytes(32), root / "keys/log.key")


def outside_forged(root: Path) -> bytes:
    return forged(root, 9, root_at(root), root / "root-key/root.key")


OUTSIDE: Mapping[str, Callable[[Path], bytes]] = {
    "P081": outside_fork,
    "P082": outside_ahead,
    "P083": outside_forged,
}
"""The head that somebody outside holds, for which an audit says this code."""


def main(target: Path) -> None:
    """Write every example; those of time stamps are opened with the settings in a file beside them."""
    from tests.custody.time_cases import TIMED, World, stamped

    world = World(target / "authorities")
    for code, break_it in TIMED.items():
        case = stamped(world, target / code)
        break_it(case)
        (target / f"{code}.environment.json").write_text(json.dumps(case.settings), "utf-8")
    for code in (*EXAMPLES, *PLANTED, *OUTSIDE):
        root = sound(target / code)
        if code in OUTSIDE:
            (target / f"{code}.head").write_bytes(OUTSIDE[code](root))
        else:
            {**EXAMPLES, **PLANTED}[code](root)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
