"""Which site answered: the media method keeps the certificates that it showed, and never the recorder's for them."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile import HostileSite

from containment.certificates import Authority
from containment.chains import is_of_recorder
from containment.sandbox import KEY_DIGEST

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)
KEPT = "record/certificates.pem"


@pytest.fixture
def secured(media: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileSite]:
    film = (media / "a.mp4").read_bytes()
    with HostileSite({"/a.mp4": lambda visit: visit.respond(film, content_type="video/mp4")}) as site:
        monkeypatch.setattr("certifi.where", lambda: str(site.certificates.root))
        yield site


def test_what_was_agreed_is_kept_with_every_certificate_that_was_shown(
    secured: HostileSite, capture: Callable[..., Any], broker_for: Callable[..., str]
) -> None:
    address = secured.tls_address()
    captured = capture(secured.url("/a.mp4", tls="good"), proxy=broker_for(address))
    assert (captured.out / KEPT).is_file()
    kept = CERTIFICATE.findall((captured.out / KEPT).read_text("ascii"))
    chain = [ssl.PEM_cert_to_DER_cert(one) for one in kept]
    host, _, port = address.rpartition(":")
    shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))
    assert chain == [shown, ssl.PEM_cert_to_DER_cert(secured.certificates.root.read_text())]
    digests = [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in chain]
    for line in (captured.out / "record/exchanges.jsonl").read_text("utf-8").splitlines():
        told = json.loads(line)["tls"]
        assert (told["version"], told["certificates"]) == ("TLSv1.3", digests)
        assert told["cipher"]
    assert {one.certificate for one in captured.received.exchanges} == {digests[0]}
    assert KEPT in {one.path for one in captured.received.files}


def test_without_tls_there_is_none(site: Any, capture: Callable[..., Any]) -> None:
    captured = capture(site.url("/a.mp4"))
    assert not (captured.out / KEPT).exists()
    assert {one.certificate for one in captured.received.exchanges} == {None}


def test_the_recorders_own_is_not_taken_for_a_sites(tmp_path: Path) -> None:
    ours, theirs = Authority(), Authority()
    own, other = (ssl.PEM_cert_to_DER_cert(one.certificate.decode()) for one in (ours, theirs))
    assert not is_of_recorder((b"leaf", own), tmp_path)
    ours.write_trust(tmp_path, b"\n" + theirs.certificate)
    assert (tmp_path / KEY_DIGEST).exists()
    assert is_of_recorder((b"leaf", own), tmp_path)
    assert not is_of_recorder((b"leaf", other), tmp_path)
    assert not is_of_recorder((), tmp_path)
