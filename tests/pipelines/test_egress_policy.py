"""Which methods requests may have follows from the method of capture, the policy, and whose cookies go along."""

from __future__ import annotations

import pytest

from casefile.errors import SettingsError
from casefile.settings import Settings, merge_settings
from collectors.http.spec import SPEC as HTTP
from collectors.ytdlp.spec import SPEC as YTDLP
from containment.methods import PASSIVE
from pipelines.egress_policy import policy_of

POSTING = (*PASSIVE, "POST")


def settings(egress: str, identity: str) -> Settings:
    return merge_settings({"egress": {"methods": egress}, "identity": {"methods": identity}}, {})


@pytest.mark.parametrize(
    ("egress", "identity", "without", "under"),
    [
        ("page-scripts", "passive", POSTING, PASSIVE),
        ("page-scripts", "page-scripts", POSTING, POSTING),
        ("passive", "page-scripts", PASSIVE, PASSIVE),
        ("passive", "passive", PASSIVE, PASSIVE),
    ],
)
def test_a_post_takes_a_method_that_acts_for_scripts_and_under_an_identity_two_policies(
    egress: str, identity: str, without: tuple[str, ...], under: tuple[str, ...]
) -> None:
    chosen = settings(egress, identity)
    for spec, alone, together in ((YTDLP, without, under), (HTTP, PASSIVE, PASSIVE)):
        assert policy_of(spec, chosen).methods == alone
        assert policy_of(spec, chosen, identity=True).methods == together


def test_by_default_an_identity_posts_nothing() -> None:
    assert policy_of(YTDLP, Settings(), identity=True).methods == PASSIVE


def test_what_goes_nowhere_has_no_policy_and_a_bad_proxy_is_named() -> None:
    from collectors.handed_over.spec import SPEC as IMPORT

    assert policy_of(IMPORT, Settings()) is None
    with pytest.raises(SettingsError, match=r"egress\.upstream"):
        policy_of(HTTP, merge_settings({"egress": {"upstream": "http://proxy.example:99999"}}, {}))
