"""Damage and forgery of a package: its checker, `casefile audit` and a second checker say the same of each."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import random
import shutil
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import pytest

from casefile.vocabulary import PersonKind
from disclosure.check_package import Package, Refused, Report, check, check_bag, verdict
from pipelines.erasing import erase_items
from pipelines.exporting import Exported
from pipelines.keys import history_of
from pipelines.package_audit import audit_package
from pipelines.people import record_person
from pipelines.services import open_services
from preservation.durable import Disk
from preservation.keys import SigningKey, create_pair
from preservation.notes import signed

from .workspaces import ENVIRONMENT, exported, flipped

INDEPENDENT = Path(__file__).parents[1] / "independent" / "check_bag.py"
CHECKPOINT = "data/log/checkpoint"


@pytest.fixture(scope="module")
def second() -> ModuleType:
    """The second checker, which shares no line with the first."""
    sys.path.insert(0, str(INDEPENDENT.parent))
    spec = importlib.util.spec_from_file_location("check_bag", INDEPENDENT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # In plain integers each takes most of a second, and most signatures are the same in all cases.
    vars(module)["verifies"] = cache(vars(module)["verifies"])
    return module


def refuses(second: ModuleType, package: Path) -> bool:
    try:
        second.check(package)
    except (second.Wrong, ValueError, KeyError, TypeError, IndexError, OSError):
        return True
    return False


def content_file(package: Path) -> Path:
    return next(package.glob("data/objects/*/v1/content/files/0001"))


def rewritten(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def described(package: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the description as whoever made the package would write it."""
    said = json.loads((package / "data/package.json").read_bytes())
    change(said)
    content = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (package / "data/package.json").write_text(content, "utf-8")


def flip(package: Path) -> None:
    flipped(content_file(package), 4001)


def truncate(package: Path) -> None:
    rewritten(content_file(package), lambda content: content[:-1])


def extend(package: Path) -> None:
    rewritten(content_file(package), lambda content: content + b"\0")


def delete(package: Path) -> None:
    content_file(package).unlink()


def swap(package: Path) -> None:
    one, other = content_file(package), content_file(package).with_name("0002")
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def duplicate(package: Path) -> None:
    shutil.copy(content_file(package), content_file(package).with_name("0009"))


def rename(package: Path) -> None:
    content_file(package).rename(content_file(package).with_name("0009"))


def stale_sidecar(package: Path) -> None:
    rewritten(
        next(package.glob("data/objects/*/inventory.json.sha512")),
        lambda content: (b"1" if content[:1] == b"0" else b"0") + content[1:],
    )


def lost_event(package: Path) -> None:
    rewritten(package / "data/log/entries.jsonl", lambda content: content.partition(b"\n")[2])


def reordered_events(package: Path) -> None:
    rewritten(package / "data/log/entries.jsonl", lambda content: b"\n".join([*content.split(b"\n")[-2::-1], b""]))


def changed_part(package: Path) -> None:
    rewritten(package / "data/log/parts.jsonl", lambda content: content.replace(b"Lake", b"Sea!"))


def unlisted(package: Path) -> None:
    described(package, lambda said: said["omitted"].pop())


def unwithheld(package: Path) -> None:
    described(package, lambda said: said["withheld"].pop())


def other_totals(package: Path) -> None:
    described(package, lambda said: said["totals"].update({"capture.failed": 0}))


def another_item(package: Path) -> None:
    described(package, lambda said: said["items"][0].update(position=1))


def resealed_record(package: Path) -> None:
    """The record in an object changed, and its inventory with it: all agrees but the log."""
    path = content_file(package).parents[1] / "capture.json"
    before = hashlib.sha512(path.read_bytes()).hexdigest()
    flipped(path, 4001)
    after = hashlib.sha512(path.read_bytes()).hexdigest()
    base = path.parents[2]
    for inventory in (base / "inventory.json", base / "v1/inventory.json"):
        changed = json.loads(inventory.read_text("utf-8").replace(before, after))
        # Digests are keys there: another one has another place in the order.
        inventory.write_text(json.dumps(changed, ensure_ascii=False, separators=(",", ":"), sort_keys=True), "utf-8")
        digest = hashlib.sha512(inventory.read_bytes()).hexdigest()
        inventory.with_name("inventory.json.sha512").write_text(f"{digest} inventory.json\n")


def other_head(package: Path) -> None:
    rewritten(package / CHECKPOINT, lambda content: content.replace(b"\n", b"1\n", 2))


DAMAGE: list[Callable[[Path], None]] = [
    flip, truncate, extend, delete, swap, duplicate, rename, stale_sidecar, lost_event, reordered_events, changed_part,
    unlisted, unwithheld, other_totals, another_item, resealed_record, other_head,
]  # fmt: skip


@pytest.fixture(scope="module")
def signer(made: Exported) -> SigningKey:
    """The log's key, which a dishonest exporter has."""
    root = made.path.parent / "case"
    with open_services(root, ENVIRONMENT) as services:
        current = history_of(services.engine, services.log.id).current
    assert current is not None
    return SigningKey.read(root / "keys/log.key")


def repacked(package: Path, signer: SigningKey) -> None:
    """Manifests, lengths and signature anew over whatever lies there, with the real key."""
    above = {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", "signature.note"}
    files = {str(one.relative_to(package)): one for one in package.rglob("*") if one.is_file()}
    manifests = {"bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt"}
    labels = (package / "bag-info.txt").read_text("utf-8").splitlines()
    lengths = {}
    for label, inside in (("Payload-Oxum", True), ("Casefile-Tag-Oxum", False)):
        sizes = [
            one.stat().st_size
            for path, one in files.items()
            if path.startswith("data/") is inside and path not in above | manifests
        ]
        lengths[label] = f"{label}: {sum(sizes)}.{len(sizes)}"
    text = "\n".join(lengths.get(line.partition(":")[0], line) for line in labels) + "\n"
    (package / "bag-info.txt").write_text(text, "utf-8")
    for name, inside in (("manifest", True), ("tagmanifest", False)):
        for algorithm in ("sha256", "sha512"):
            lines = [
                f"{hashlib.new(algorithm, one.read_bytes()).hexdigest()}  {path}\n"
                for path, one in sorted(files.items())
                if path.startswith("data/") is inside and path not in above
            ]
            (package / f"{name}-{algorithm}.txt").write_text("".join(lines), "utf-8")
    said = (package / "signature.note").read_text("utf-8").split("\n")[:4]
    for algorithm in ("sha256", "sha512"):
        name = f"tagmanifest-{algorithm}.txt"
        said.append(f"{name} sha512:{hashlib.sha512((package / name).read_bytes()).hexdigest()}")
    text = "\n".join(said) + "\n"
    origin = f"casefile/{said[2].removeprefix('log ')}/package"
    note = signed(text, [(origin, signer.public.raw, signer.sign(text.encode()))])
    (package / "signature.note").write_bytes(note.to_bytes())


def test_both_checkers_accept_the_package_and_its_repacking(
    package: Path, second: ModuleType, signer: SigningKey
) -> None:
    for _ in range(2):
        assert check(str(package)).failures == []
        assert not refuses(second, package)
        repacked(package, signer)


@pytest.mark.parametrize("resigned", [pytest.param(False, marks=pytest.mark.campaign), True])
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
def test_damage_is_found_by_all_also_when_manifests_and_signature_are_made_anew(
    package: Path, second: ModuleType, signer: SigningKey, damage: Callable[[Path], None], resigned: bool
) -> None:
    damage(package)
    if resigned:
        repacked(package, signer)
    report = check(str(package))
    assert report.failures
    assert verdict(report)[0] == 5
    assert [one.code for one in audit_package(package).report.problems] == [one.code for one in report.failures]
    assert refuses(second, package)


def test_keys_are_self_asserted_until_a_fingerprint_from_outside_is_given(package: Path, signer: SigningKey) -> None:
    alone = check(str(package))
    assert "SELF-ASSERTED" in verdict(alone)[1]
    assert verdict(alone, strict=True)[0] == 5
    known = check(str(package), signer.public.fingerprint())
    assert "SELF-ASSERTED" not in verdict(known)[1]
    assert [one.code for one in check(str(package), "sha256:" + "0" * 64).failures] == ["P212"]


def test_a_package_signed_by_a_stranger_is_refused(package: Path, tmp_path: Path) -> None:
    repacked(package, create_pair(tmp_path / "keys/stranger.key", tmp_path / "keys/stranger.pub", Disk()))
    assert [one.code for one in check(str(package)).failures] == ["P211"]


class Held:
    """A package in memory, for the sake of thousands of changes."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def sizes(self) -> dict[str, int]:
        return {path: len(content) for path, content in self.files.items()}

    def open(self, path: str) -> BinaryIO:
        return io.BytesIO(self.files[path])


def is_found(files: dict[str, bytes], folder: Path, path: str) -> bool:
    report = Report()
    try:
        check_bag(Package(Held(files), report))
    except Refused:
        return True
    if report.failures:
        return True
    target = folder / path
    before = target.read_bytes()
    target.write_bytes(files[path])
    try:
        return bool(check(str(folder)).failures)
    finally:
        target.write_bytes(before)


@pytest.mark.parametrize(("flips", "longest_s"), [(60, 20), pytest.param(100_000, 20, marks=pytest.mark.campaign)])
def test_every_flipped_bit_is_found(package: Path, flips: int, longest_s: int) -> None:
    """A sample by a seed; small files are as likely as large ones."""
    files = {str(one.relative_to(package)): one.read_bytes() for one in package.rglob("*") if one.is_file()}
    chosen = random.Random(20261130)
    paths = sorted(path for path, content in files.items() if content)
    until = time.monotonic() + longest_s
    for _ in range(flips):
        path = chosen.choice(paths)
        bit = chosen.randrange(8 * len(files[path]))
        changed = bytearray(files[path])
        changed[bit // 8] ^= 1 << bit % 8
        assert is_found(files | {path: bytes(changed)}, package, path), (path, bit)
        if time.monotonic() > until:
            break


def test_of_other_items_of_a_capture_only_what_the_log_commits_to_leaves(
    own: Path, tmp_path: Path, second: ModuleType, signer: SigningKey
) -> None:
    made = exported(own, tmp_path / "package", "I-0002", only=True)
    assert check(str(made.path)).failures == []
    assert not refuses(second, made.path)
    held = {path.name for path in made.path.rglob("data/partial/*/v1/content/*/*")}
    assert held == {"0002"}
    assert not list(made.path.rglob("capture.json"))
    assert "I-0001" in {one.number for one in made.contents.omitted}
    for damage in (with_a_withheld_file, with_another_withheld):
        copy = Path(shutil.copytree(made.path, tmp_path / damage.__name__))
        damage(copy)
        repacked(copy, signer)
        assert check(str(copy)).failures
        assert refuses(second, copy)


def test_what_is_left_of_a_capture_is_bound_to_the_erasure_that_says_so(
    own: Path, tmp_path: Path, second: ModuleType, signer: SigningKey
) -> None:
    with open_services(own, ENVIRONMENT) as services:
        record_person(services, "Bob", PersonKind.INVESTIGATOR)
        erase_items(services, ["I-0002"], "asked for by the person shown", "Bob")
    made = exported(own, tmp_path / "package", "I-0001")
    report = check(str(made.path))
    assert report.failures == []
    assert any("what erasures have left" in line.what for line in report.lines)
    assert not refuses(second, made.path)
    assert not audit_package(made.path).report.problems
    for damage in (resealed_record, flip, without_what_is_left):
        copy = Path(shutil.copytree(made.path, tmp_path / damage.__name__))
        damage(copy)
        repacked(copy, signer)
        assert check(str(copy)).failures
        assert refuses(second, copy)


def without_what_is_left(package: Path) -> None:
    """The erasure's own record held back, so that nothing says what the object holds."""
    parts = package / "data/log/parts.jsonl"
    lines = parts.read_bytes().splitlines(keepends=True)
    (kept,) = [line for line in lines if b"rebuilt_at" in line]
    parts.write_bytes(b"".join(line for line in lines if line != kept))
    held_back = {"event": json.loads(kept)["event"], "part": "personal", "reason": "x"}
    described(package, lambda said: said["withheld"].append(held_back))


def with_a_withheld_file(package: Path) -> None:
    file = next(package.glob("data/partial/*/v1/content/files/0002"))
    file.with_name("0001").write_bytes(b"something")


def with_another_withheld(package: Path) -> None:
    next(package.glob("data/partial/*/v1/content/files/0002")).unlink()
    described(package, lambda said: said["captures"][0]["withheld"].append({"path": "files/0002", "reason": "x"}))
