"""The log's key: made once, private, and known outside by a fingerprint that openssl computes too."""

from __future__ import annotations

import hashlib
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from casefile.errors import VaultConflict, WorkspaceUnusable
from preservation.durable import Disk
from preservation.keys import create_log_key, create_pair, key_card, read_public_key


def test_the_pair_belongs_together_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    public = create_log_key(tmp_path / "keys", Disk()).public
    private = load_pem_private_key((tmp_path / "keys/log.key").read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    assert private.public_key().public_bytes_raw() == public.raw
    assert read_public_key(tmp_path / "keys/log.pub") == public
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {"log.key": 0o600, "log.pub": 0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    first = create_log_key(tmp_path, Disk())
    with pytest.raises(VaultConflict):
        create_pair(tmp_path / "log.key", tmp_path / "log.pub", Disk())
    second = create_log_key(tmp_path, Disk())
    assert read_public_key(tmp_path / "log.pub") == first.public
    assert read_public_key(tmp_path / "log-2.pub") == second.public != first.public


def test_the_card_says_what_openssl_computes(tmp_path: Path) -> None:
    public = create_log_key(tmp_path, Disk()).public
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", tmp_path / "log.pub", "-outform", "DER"], capture_output=True, check=True
    ).stdout
    digits = hashlib.sha256(der).hexdigest()
    assert public.fingerprint() == f"sha256:{digits}"
    card = key_card(public, public, "0192f7a0-0000-7000-8000-00000000000c", "casefile/x+0a+b")
    assert digits in "".join(card.split())
    assert all(len(line) <= 100 and line.isascii() for line in card.splitlines())


@pytest.mark.parametrize("content", [b"", b"not a key", None])
def test_a_public_key_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "log.pub").write_bytes(content)
    with pytest.raises(WorkspaceUnusable):
        read_public_key(tmp_path / "log.pub")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", tmp_path / "ec"],
        capture_output=True, check=True,
    )  # fmt: skip
    subprocess.run(["openssl", "pkey", "-in", tmp_path / "ec", "-pubout", "-out", tmp_path / "log.pub"], check=True)
    with pytest.raises(WorkspaceUnusable):
        read_public_key(tmp_path / "log.pub")
