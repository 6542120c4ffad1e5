"""A workspace whose one way out is a proxy: what is collected over it says so, and where it fails nothing is."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sites.hostile import HostileSite
from sites.proxies import serve_socks

from .case import Case


@pytest.mark.campaign
def test_what_came_through_a_proxy_says_so(case: Case, site: HostileSite) -> None:
    port = int(site.address.rpartition(":")[2])
    with serve_socks({"127.0.0.1": ("127.0.0.1", port)}, login=("ana", "0123456")) as proxy:
        case.extra = {
            "CASEFILE_EGRESS__UPSTREAM": f"socks5://{proxy.address}",
            "CASEFILE_EGRESS__UPSTREAM_USER": "ana",
            "CASEFILE_EGRESS__UPSTREAM_PASSWORD": "0123456",
        }
        (result,) = case.must("collect", site.url("/page"), "--method", "http")["results"]
        assert result["outcome"] == "captured"
        assert [one.port for one in proxy.asked] == [port]
        shown = case.run("show", result["items"][0])
        assert f"through socks5://{proxy.address}, which looked names up and chose the addresses" in shown.out
        (contact,) = case.must("show", result["items"][0])["capture"]["contacts"]
        assert (contact["upstream"], contact["address"], contact["resolved"]) == (f"socks5://{proxy.address}", "", [])
        doctor = case.run("--json", "doctor", "--ask-upstream").json["upstream"]
        assert doctor == {"way": f"socks5://{proxy.address}", "asked": True, "problem": "", "answers": True}
    everything = b"".join(path.read_bytes() for path in case.root.rglob("*") if path.is_file())
    assert b"0123456" not in everything
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_with_a_dead_proxy_the_attempt_fails_and_the_site_is_not_asked(case: Case, site: HostileSite) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    case.extra = {"CASEFILE_EGRESS__UPSTREAM": f"tor://{address}"}
    (result,) = case.must("collect", site.url("/page"), "--method", "http", code=1)["results"]
    assert (result["outcome"], result["cause"], result["items"]) == ("failed", "tool-failed", [])
    assert "upstream proxy cannot be reached" in result["detail"]
    assert site.connections == 0
    (attempt,) = case.must("attempts", "--failed")["attempts"]
    assert attempt["cause"] == "tool-failed"
    said = case.run("doctor", "--ask-upstream")
    assert f"upstream: tor://{address}, FAILS: upstream-unreachable" in said.out
    assert said.code != 0


@pytest.mark.parametrize(
    "settings",
    [
        {"UPSTREAM": "socks5://user:secret@127.0.0.1:1080"},
        {"UPSTREAM": "tor://127.0.0.1:9050", "UPSTREAM_USER": "ana", "UPSTREAM_PASSWORD": "secret"},
    ],
)
def test_a_way_out_that_makes_no_sense_stops_the_command(
    case: Case, site: HostileSite, settings, tmp_path: Path
) -> None:
    case.extra = {f"CASEFILE_EGRESS__{name}": value for name, value in settings.items()}
    said = case.run("collect", site.url("/page"))
    assert (said.code, site.connections) == (2, 0)
    assert "egress.upstream" in said.err
    assert "secret" not in said.err + said.out


def test_no_time_server_is_asked_around_the_proxy(case: Case, site: HostileSite) -> None:
    case.extra = {"CASEFILE_EGRESS__UPSTREAM": "tor://127.0.0.1:9050", "CASEFILE_TIME__SERVERS": '["127.0.0.1:9"]'}
    said = case.run("collect", site.url("/page"))
    assert (said.code, site.connections) == (2, 0)
    assert "time.servers" in said.err
