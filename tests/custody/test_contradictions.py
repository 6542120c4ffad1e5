"""Two signed heads prove a falsified log to whoever has its key; nothing else that looks like it does."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from preservation.contradictions import FORK, REWRITE, ROLLBACK, Contradiction, contradiction

from .small_logs import SmallLog, numbered

CHECKER = Path(__file__).parents[1] / "independent" / "check_contradiction.py"
LOG = SmallLog(numbered(40))
OTHER = SmallLog((*numbered(7), "told anew", *numbered(40)[8:]), LOG.key)


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("check_contradiction", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(stated):
        content = stated.to_bytes() if isinstance(stated, Contradiction) else json.dumps(stated)
        return module.check(json.loads(content), [LOG.key.public.raw])

    return run


@pytest.mark.parametrize(
    ("size", "shown", "kind"),
    [(20, 20, FORK), (8, 33, REWRITE), (13, 40, REWRITE), (33, 20, ROLLBACK)],
)
def test_a_stranger_to_the_log_sees_that_two_heads_contradict_each_other(check, size, shown, kind):
    found = contradiction(LOG.head(size), OTHER.head(shown), OTHER.node)
    assert found is not None
    assert found.kind == kind
    assert check(found)


def test_heads_of_one_history_prove_nothing_against_each_other(check):
    for size in range(1, 20):
        assert contradiction(LOG.head(size), LOG.head(20), LOG.node) is None
    assert contradiction(LOG.head(7), OTHER.head(20), OTHER.node) is None


@pytest.mark.parametrize("change", ["kind", "root", "proof", "shorter", "outside", "shown", "signer"])
def test_what_was_made_up_is_refused(check, change):
    found = contradiction(LOG.head(8), OTHER.head(33), OTHER.node)
    assert found is not None
    stated = json.loads(found.to_bytes())
    other = "A" * 43 + "="
    stranger = SmallLog(numbered(8))
    changed = {
        "kind": {"kind": FORK},
        "root": {"root": other},
        "proof": {"proof": [other, *stated["proof"][1:]]},
        "shorter": {"proof": stated["proof"][:-1]},
        "outside": {"outside": stated["outside"].replace("\n8\n", "\n9\n")},
        "shown": {"shown": stated["shown"].replace("\n33\n", "\n34\n")},
        "signer": {"outside": stranger.head(8).note.to_bytes().decode()},
    }
    with pytest.raises((ValueError, IndexError)):
        check({**stated, **changed[change]})


def test_an_honest_log_cannot_be_accused(check):
    """The same root, with the right proof and as whatever kind."""
    honest = Contradiction(REWRITE, LOG.head(8), LOG.head(33), LOG.head(8).head.root, LOG.proof(8, 33))
    for kind in (REWRITE, FORK):
        with pytest.raises(ValueError, match="do not contradict"):
            check(Contradiction(kind, honest.outside, honest.shown, honest.root, honest.proof))
