"""A key of the log counts on the root key's word alone, and that word counts for what it was given for."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from preservation.key_history import KeyEvent, key_history, revoke_key, state_key
from preservation.keys import LOG, ROOT, SigningKey

CASE = "01a20000-0000-7000-8000-000000000001"
UNSIGNED = "the root key did not sign its statement"


@pytest.fixture(scope="module")
def keys() -> list[SigningKey]:
    """A root key, two keys of the log, and somebody else's."""
    return [SigningKey(Ed25519PrivateKey.generate()) for _key in range(4)]


def history(*bodies):
    return key_history(CASE, [KeyEvent(position, f"event-{position}", body) for position, body in enumerate(bodies)])


def stated(purpose, key, by, replacing=None):
    return state_key(CASE, purpose, key.public, by, replacing=replacing)


def test_the_first_root_confirms_itself_and_every_key_after_it(keys):
    root, first, second, _other = keys
    found = history(stated(ROOT, root, root), stated(LOG, first, root), stated(LOG, second, root, first))
    assert [epoch.key for epoch in found.epochs] == [first.public, second.public]
    assert found.doubtful == ()


def test_somebody_else_cannot_confirm_a_key_nor_revoke_one(keys):
    root, first, second, other = keys
    revoked = revoke_key(CASE, first.public, 1, "said by nobody", other)
    found = history(stated(ROOT, root, root), stated(LOG, first, root), stated(LOG, second, other, first), revoked)
    assert [epoch.key for epoch in found.epochs] == [first.public]
    assert found.current is not None
    assert found.doubtful == (("event-2", UNSIGNED), ("event-3", UNSIGNED))


def test_the_root_keys_word_for_one_key_is_none_for_another(keys):
    root, first, second, _other = keys
    honest, wanted = stated(LOG, first, root), stated(LOG, second, root, first)
    text, line = wanted.statement.split("\n\n")[0], honest.statement.split("\n\n")[1]
    moved = wanted.model_copy(update={"statement": f"{text}\n\n{line}"})
    found = history(stated(ROOT, root, root), honest, moved)
    assert [epoch.key for epoch in found.epochs] == [first.public]
    assert found.doubtful == (("event-2", UNSIGNED),)
