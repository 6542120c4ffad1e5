"""A lost root key: what was signed stays provable, a new one is stated, and everything says that nobody vouches."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casefile.errors import KeyMissing, UsageError
from cli.main import main
from pipelines.anchoring import anchoring
from pipelines.audit import audit_workspace
from pipelines.custody import checkpoint
from pipelines.keys import history_of, replace_root, rotate
from pipelines.opening import open_investigation
from pipelines.outside import Outside
from pipelines.services import open_services
from preservation.key_history import KeyEvent, key_history, state_key, state_root
from preservation.keys import LOG, ROOT, SigningKey

from .cases import copied, said

CASE = "01a20000-0000-7000-8000-000000000001"
OLD, FIRST, NEW, OTHER = (SigningKey(Ed25519PrivateKey.generate()) for _key in range(4))
SOUND = (state_key(CASE, ROOT, OLD.public, OLD), state_key(CASE, LOG, FIRST.public, OLD))


def history(*bodies):
    return key_history(CASE, [KeyEvent(at, f"event-{at}", body) for at, body in enumerate((*SOUND, *bodies))])


def test_a_lost_root_is_replaced_by_the_word_of_the_logs_key_and_marked_so():
    lost = history(state_root(CASE, NEW, OLD.public, FIRST, None))
    assert (lost.root, lost.unvouched) == (NEW.public, ((2, NEW.public),))
    vouched = history(state_root(CASE, NEW, OLD.public, FIRST, OLD))
    assert (vouched.root, vouched.unvouched) == (NEW.public, ())
    by_stranger = history(state_root(CASE, NEW, OLD.public, OTHER, None))
    assert (by_stranger.root, len(by_stranger.doubtful)) == (OLD.public, 1)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_investigation(tmp_path_factory.mktemp("root") / "case", "Lake", "Ada", {}).root
    with open_services(root, {}) as services:
        checkpoint(services)
        services.workspace.root_key.unlink()
        services.workspace.root_key.parent.rmdir()
    return root


def codes(root: Path, outside: Outside | None = None) -> list[str]:
    return [one.code for one in audit_workspace(root, {}, outside=outside).problems]


def test_after_the_loss_of_the_root_key_everything_says_that_nobody_vouches_for_the_new_one(
    untouched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copied(untouched, tmp_path / "case")
    before = (root / "log/checkpoint").read_bytes()
    (tmp_path / "head").write_bytes(before)
    with open_services(root, {}) as services:
        with pytest.raises(KeyMissing):
            rotate(services)
        with pytest.raises(UsageError):
            replace_root(services, " ")
        found = replace_root(services, "the safe burnt", root_key_to=tmp_path / "new.key")
        assert found.root is not None
        rotate(services, tmp_path / "new.key")
        said(services)
        checkpoint(services)
        assert found.root.fingerprint() in anchoring(services).text
    card = found.root.fingerprint()
    assert codes(root) == ["P099"]
    assert codes(root, Outside(root="sha256:" + "0" * 64)) == ["P099"]
    assert codes(root, Outside(tmp_path / "head", root=card)) == []
    printed = " ".join(re.findall("....", card.removeprefix("sha256:")))
    assert codes(root, Outside(root=printed.upper())) == []
    for command in (["keys", "card"], ["checkpoint"]):
        assert main([*command, "--workspace", str(root)], {}) == 0
        assert f"The root key {card} took the place of a lost one" in capsys.readouterr().out


def test_a_root_key_that_is_at_hand_vouches_for_the_next(untouched: Path, tmp_path: Path) -> None:
    root = open_investigation(tmp_path / "case", "Lake", "Ada", {}).root
    with open_services(root, {}) as services:
        old = services.workspace.root_key
        with pytest.raises(UsageError, match="there is a root key"):
            replace_root(services, "a new safe", old_root_key=old)
        replace_root(services, "a new safe", root_key_to=tmp_path / "new.key", old_root_key=old)
        assert history_of(services.engine, services.log.id).unvouched == ()
        old.unlink()
    assert codes(root) == []


def test_a_rotation_names_the_old_private_key_and_destroys_it_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = open_investigation(tmp_path / "case", "Lake", "Ada", {}).root
    call = ["keys", "rotate", "--workspace", str(root), "--json"]
    assert main(call, {}) == 0
    left = json.loads(capsys.readouterr().out)
    assert (left["old_keys"], left["destroyed"]) == (
        [str(root / "keys" / name) for name in ("log.key", "log.mldsa44.key")],
        False,
    )
    assert main([*call, "--destroy-old"], {}) == 0
    gone = json.loads(capsys.readouterr().out)
    assert (len(gone["old_keys"]), gone["destroyed"]) == (4, True)
    assert sorted(path.name for path in (root / "keys").glob("*.key")) == ["log-3.key", "log-3.mldsa44.key"]
    with open_services(root, {}) as services:
        checkpoint(services)
    assert codes(root) == []
