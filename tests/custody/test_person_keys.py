"""People sign what they do with keys of their own; what they did not sign is never shown as if they had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casefile.errors import GateRefused, KeyLocked, UsageError, WorkspaceUnusable
from casefile.events.append import Actor
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import KeyStated, Words
from casefile.events.types_of_custody import EventSigned
from casefile.vocabulary import PersonKind
from cli.main import main
from pipelines.audit import audit_workspace
from pipelines.keys import person_keys_of, revoke
from pipelines.opening import open_investigation
from pipelines.people import record_person
from pipelines.person_signing import Identity, identities_of, make_person_key
from pipelines.services import Services, open_services
from preservation.key_history import KeyEvent, revoke_key
from preservation.keys import SigningKey
from preservation.person_keys import PersonKey, PersonKeys, PersonSigner, person_keys, state_person_key

from .cases import copied

LOG = "01a20000-0000-7000-8000-000000000001"
ADA, BORA = "01a20000-0000-7000-8000-00000000000a", "01a20000-0000-7000-8000-00000000000b"
WORDS = "correct horse battery staple"
LEAF = bytes(range(32))


def new_key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


ROOT, FIRST, SECOND, OTHER = (new_key() for _key in range(4))


def keys_of(*bodies: KeyStated | object, person: str = ADA) -> PersonKeys:
    events = [KeyEvent(10 * (at + 1), f"event {at}", body, person) for at, body in enumerate(bodies)]  # type: ignore[arg-type]
    return person_keys(LOG, ROOT.public, events)


def stated(key: SigningKey, **others: object) -> KeyStated:
    return state_person_key(LOG, ADA, key, **others)  # type: ignore[arg-type]


def test_a_first_key_states_itself_and_the_root_key_can_vouch_for_it() -> None:
    assert keys_of(stated(FIRST)).keys == (PersonKey(ADA, FIRST.public, 10, confirmed=False),)
    assert keys_of(stated(FIRST, root=ROOT)).keys == (PersonKey(ADA, FIRST.public, 10, confirmed=True),)
    assert not keys_of(stated(FIRST, root=OTHER)).keys[0].confirmed


@pytest.mark.parametrize("how", ["alone", "by a stranger", "of another person", "not by itself"])
def test_a_key_is_not_replaced_without_the_word_of_the_one_before_it_or_of_the_root(how: str) -> None:
    first = stated(FIRST)
    second = {
        "alone": stated(SECOND, replacing=FIRST.public),
        "by a stranger": stated(SECOND, replacing=FIRST.public, old=OTHER),
        "of another person": state_person_key(LOG, BORA, SECOND, replacing=FIRST.public, old=FIRST),
        "not by itself": first.model_copy(
            update={"public_key": SECOND.public.raw.hex(), "fingerprint": SECOND.public.fingerprint()}
        ),
    }
    found = keys_of(first, second[how])
    assert [one.key for one in found.keys] == [FIRST.public]
    assert [event for event, _reason in found.doubtful] == ["event 1"]


def test_a_key_ends_where_the_next_one_or_a_revocation_says() -> None:
    by_old = keys_of(stated(FIRST), stated(SECOND, replacing=FIRST.public, old=FIRST))
    by_root = keys_of(stated(FIRST), stated(SECOND, replacing=FIRST.public, root=ROOT))
    for found in (by_old, by_root):
        assert [(one.since, one.until) for one in found.keys] == [(10, 20), (20, None)]
    revoked = keys_of(stated(FIRST), revoke_key(LOG, FIRST.public, 15, "lost", ROOT))
    assert revoked.keys[0].until == 15
    assert revoked.current(ADA) is None
    said_by_nobody = keys_of(stated(FIRST), revoke_key(LOG, FIRST.public, 15, "lost", OTHER))
    assert said_by_nobody.keys[0].until is None


def test_a_signature_proves_one_event_of_one_person_at_its_place() -> None:
    keys = keys_of(stated(FIRST), stated(SECOND, replacing=FIRST.public, old=FIRST))
    made = PersonSigner(ADA, FIRST).signed(LOG, "e", LEAF)
    assert isinstance(keys.signer_of(made, "e", LEAF, 15, ADA), PersonKey)
    forged = PersonSigner(ADA, OTHER).signed(LOG, "e", LEAF)
    for body, event, leaf, position, person in (
        (made, "another", LEAF, 15, ADA),
        (made, "e", bytes(32), 15, ADA),
        (made, "e", LEAF, 5, ADA),
        (made, "e", LEAF, 25, ADA),
        (made, "e", LEAF, 15, BORA),
        (forged, "e", LEAF, 15, ADA),
        (forged.model_copy(update={"key": made.key}), "e", LEAF, 15, ADA),
        (PersonSigner(ADA, FIRST).signed("another log", "e", LEAF), "e", LEAF, 15, ADA),
        (made.model_copy(update={"signature": "no note"}), "e", LEAF, 15, ADA),
    ):
        assert isinstance(keys.signer_of(body, event, leaf, position, person), str)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of Ada, who has a key, with a remark that she signed."""
    folder = tmp_path_factory.mktemp("signed")
    root = open_investigation(folder / "case", "Lake", "Ada", {}).root
    with open_services(root, {}) as services:
        record_person(services, "Bora", PersonKind.INVESTIGATOR)
        make_person_key(services, "Ada", folder / "ada.key", WORDS)
        remark(services)
    with open_services(root, signing(folder / "ada.key")) as services:
        remark(services)
    return root


def signing(file: Path, words: str = WORDS) -> dict[str, str]:
    return {"CASEFILE_SIGN_WITH": str(file), "CASEFILE_PASSPHRASE": words}


def remark(services: Services) -> str:
    subject = Subject(kind="lead", id="l")
    return services.append(draft("remark.added", subject, personal=Words(text="seen")))[0]


@pytest.fixture
def case(untouched: Path, tmp_path: Path) -> Path:
    return copied(untouched, tmp_path / "case")


def key_file(untouched: Path) -> Path:
    return untouched.parent / "ada.key"


def codes(root: Path) -> list[str]:
    return [one.code for one in audit_workspace(root, {}).problems]


def test_what_is_done_with_the_key_is_signed_and_shown_so(case: Path, untouched: Path) -> None:
    with open_services(case, {}) as services:
        asserted = remark(services)
    with open_services(case, signing(key_file(untouched))) as services:
        proved = remark(services)
        found = identities_of(services.engine, services.log.id, [asserted, proved])
    assert found[asserted] == Identity()
    assert found[proved].identity == "authenticated"
    assert not found[proved].confirmed
    assert "no root key confirms" in found[proved].words
    assert codes(case) == []


def test_a_key_opens_with_its_passphrase_alone_and_signs_for_its_owner_alone(case: Path, untouched: Path) -> None:
    file = key_file(untouched)
    assert file.stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in file.read_bytes()
    with pytest.raises(KeyLocked), open_services(case, signing(file, "another passphrase")):
        pass
    with pytest.raises(GateRefused), open_services(case, signing(file), person="Bora"):
        pass
    with pytest.raises(WorkspaceUnusable), open_services(case, signing(case / "keys/log.key")):
        pass


def test_a_key_lies_outside_the_workspace_and_a_second_one_needs_the_first(case: Path, tmp_path: Path) -> None:
    with open_services(case, {}) as services:
        with pytest.raises(UsageError, match="outside"):
            make_person_key(services, "Bora", case / "bora.key", WORDS)
        with pytest.raises(UsageError, match="12 characters"):
            make_person_key(services, "Bora", tmp_path / "bora.key", "short")
        with pytest.raises(UsageError, match="has a key"):
            make_person_key(services, "Ada", tmp_path / "ada.key", WORDS)
        made = make_person_key(services, "Ada", tmp_path / "ada.key", WORDS, root_key=services.workspace.root_key)
        assert made.confirmed
    assert codes(case) == []


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_before_holds(case: Path, untouched: Path) -> None:
    with open_services(case, {}) as services:
        fingerprint = person_keys_of(services.engine, services.log.id).keys[0].key.fingerprint()
        revoke(services, 9, "the laptop is gone", fingerprint=fingerprint)
    assert codes(case) == []
    with pytest.raises(GateRefused), open_services(case, signing(key_file(untouched))):
        pass


class Claiming:
    """Claims a signature that is none."""

    def signed(self, log: str, event: str, leaf: bytes) -> EventSigned:
        return PersonSigner(ADA, OTHER).signed(log, event, leaf)


def claimed_signature(root: Path) -> None:
    with open_services(root, {}) as services:
        actor = Actor(services.actor.name, services.actor.run, Claiming())
        services.log.append([draft("remark.added", Subject(kind="lead", id="l"), personal=Words(text="x"))], actor)


def stranger_states_a_key(root: Path) -> None:
    with open_services(root, {}) as services:
        person = services.person_id
        body = state_person_key(services.log.id, person, OTHER, replacing=OTHER.public)
        services.append(draft("key.stated", Subject(kind="person", id=person), body=body))


SIGNED = {"P097": claimed_signature, "P098": stranger_states_a_key}
"""What breaks a workspace so that an audit says this code."""


@pytest.mark.parametrize("code", SIGNED)
def test_each_false_claim_of_a_person_has_its_code(case: Path, code: str) -> None:
    SIGNED[code](case)
    assert set(codes(case)) == {code}


def test_the_command_line_makes_a_key_and_signs_with_it(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"CASEFILE_WORKSPACE": str(case), "CASEFILE_PASSPHRASE": WORDS}
    file = str(tmp_path / "bora.key")
    assert main(["person", "key", "Bora", "--to", file, "--json"], environment) == 0
    made = json.loads(capsys.readouterr().out)
    assert main(["person", "add", "Carl", "--as", "Bora", "--sign-with", file], environment) == 0
    with open_services(case, {}) as services:
        keys = person_keys_of(services.engine, services.log.id)
    assert keys.keys[-1].key.fingerprint() == made["key"]
    capsys.readouterr()
    assert main(["person", "keys", "--json"], environment) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["keys"]] == ["Ada", "Bora"]
    assert main(["person", "add", "Dora", "--sign-with", file], environment) == 4
    assert codes(case) == []
