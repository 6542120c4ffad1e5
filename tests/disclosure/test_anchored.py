"""A package with a time stamp: what its checker says with and without roots, and of a token over something else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from casefile.errors import IntegrityError
from disclosure.check_package import check
from preservation.checkpoints import SignedCheckpoint, kept_name

from .workspaces import exported

CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = serial
digests = sha256
default_policy = 1.2.3.4
signer_digest = sha256
ess_cert_id_alg = sha256
[extensions]
extendedKeyUsage = critical, timeStamping
"""


class Authority:
    """A time authority of one certificate below one root, by openssl."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "ts.cnf").write_text(CONFIGURATION)
        (folder / "serial").write_text("01")
        new = ("req", "-newkey", "ed25519", "-nodes")
        self.run(*new, "-x509", "-subj", "/CN=root", "-days", "2", "-keyout", "root.key", "-out", "root.pem")
        self.run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tsa", "-keyout", "tsa.key", "-out", "tsa.csr")
        signing = ("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial")
        self.run(*signing, "-days", "2", "-extfile", "ts.cnf", "-extensions", "extensions", "-out", "tsa.pem")

    def run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def stamp(self, content: bytes) -> bytes:
        (self.folder / "content").write_bytes(content)
        self.run("ts", "-query", "-data", "content", "-sha256", "-cert", "-out", "query")
        made = ("-config", "ts.cnf", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer")
        self.run("ts", "-reply", "-queryfile", "query", *made)
        return (self.folder / "answer").read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed for an authority to ask")
    return Authority(tmp_path_factory.mktemp("time") / "authority")


def stamped_workspace(own: Path, authority: Authority, content: bytes | None = None) -> Path:
    head = (own / "log/checkpoint").read_bytes()
    folder = own / "log/anchors" / kept_name(SignedCheckpoint.parse(head).head.size)
    folder.mkdir(parents=True)
    (folder / "head").write_bytes(head)
    (folder / "one.pem").write_bytes((authority.folder / "tsa.pem").read_bytes())
    (folder / "one.tsr").write_bytes(authority.stamp(content or head))
    return own


def verdicts(package: Path, roots: str = "") -> list[str]:
    lines = check(str(package), roots=roots).lines
    return [line.verdict for line in lines if ".tsr" in line.what or ".tsr" in line.path]


def test_a_stamp_is_verified_with_roots_from_outside_only(own: Path, tmp_path: Path, authority: Authority) -> None:
    made = exported(stamped_workspace(own, authority), tmp_path / "package", "I-0001")
    assert verdicts(made.path) == ["NOT CHECKED"]
    assert verdicts(made.path, str(authority.folder / "root.pem")) == ["OK"]
    other = Authority(tmp_path / "other")
    assert verdicts(made.path, str(other.folder / "root.pem")) == ["FAILED"]


def test_a_head_that_was_stamped_earlier_is_shown_to_be_the_beginning(
    own: Path, tmp_path: Path, authority: Authority
) -> None:
    stamped_workspace(own, authority)
    exported(own, tmp_path / "first", "I-0001")
    later = exported(own, tmp_path / "later", "I-0001")
    assert later.contents.anchors[0].size < later.contents.size
    assert verdicts(later.path, str(authority.folder / "root.pem")) == ["OK"]


def test_a_stamp_over_something_else_fails_the_export(own: Path, tmp_path: Path, authority: Authority) -> None:
    stamped_workspace(own, authority, b"something else")
    with pytest.raises(IntegrityError, match="P223"):
        exported(own, tmp_path / "package", "I-0001")
