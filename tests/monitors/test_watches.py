"""What `monitor` promises, asked by its command line: what is new is captured once, and every look is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from monitors.papers import Newsroom, Watching, atom, rss


def test_what_a_feed_names_is_captured_once(newsroom: Newsroom, watching: Watching) -> None:
    two = ("Two", newsroom.site.url("/story/2"))
    watching.watch(newsroom.publish("feed", rss(("One", "/story/1"), two)))
    first = watching.look()
    assert (first["status"], first["found"], first["new"]) == ("checked", 2, 2)
    assert [one["outcome"] for one in first["results"]] == ["captured", "captured"]
    second = watching.look()
    assert (second["found"], second["new"], second["results"]) == (2, 0, [])
    newsroom.publish("feed", rss(("Three", "/story/3"), ("One", "/story/1"), two))
    third = watching.look()
    assert (third["found"], third["new"]) == (3, 1)
    assert [one["locator"] for one in third["results"]] == [newsroom.site.url("/story/3")]
    assert sorted(newsroom.stories_asked()) == ["/story/1", "/story/2", "/story/3"]
    assert watching.must("audit")["ok"]
    assert watching.must("reindex")
    assert watching.look()["new"] == 0


@pytest.mark.campaign
@pytest.mark.usefixtures("examined")
def test_the_feed_itself_is_kept_as_it_was_at_each_look(newsroom: Newsroom, watching: Watching) -> None:
    watching.watch(newsroom.publish("feed", rss(("One", "/story/1"))))
    watching.look()
    newsroom.publish("feed", rss())
    assert watching.look()["found"] == 0
    feeds = [one for one in watching.items() if one["locator"].endswith("/news/feed")]
    assert [one["bytes"] for one in feeds] == [len(rss(("One", "/story/1"))), len(rss())]


def test_links_are_taken_relative_to_where_the_feed_came_from(newsroom: Newsroom, watching: Watching) -> None:
    newsroom.publish("deep/feed", atom(("One", "../../story/1"), ("Two", "?page=2")))
    moved = newsroom.site.url("/moved")
    newsroom.site.behaviours["/moved"] = lambda visit: visit.respond("", "302 Found", location="/news/deep/feed")
    watching.watch(moved)
    assert [one["locator"] for one in watching.look()["results"]] == [
        newsroom.site.url("/story/1"),
        newsroom.site.url("/news/deep/feed?page=2"),
    ]


def test_what_a_list_names_is_captured_once(newsroom: Newsroom, watching: Watching, tmp_path: Path) -> None:
    one, two, three = (newsroom.site.url(f"/story/{number}") for number in (1, 2, 3))
    sheet = tmp_path / "list.csv"
    sheet.write_text(f"url,who\n{one},B.\n{one},again\n{two},C.\n")
    watching.watch(str(sheet), "list")
    assert watching.look()["new"] == 2
    sheet.write_text(f"url,who\n{three},D.\n{two},C.\n{one},B.\n")
    assert watching.look()["new"] == 1
    assert watching.look()["new"] == 0
    assert sorted(newsroom.stories_asked()) == ["/story/1", "/story/2", "/story/3"]


def test_what_a_channel_lists_is_captured_once(newsroom: Newsroom, watching: Watching) -> None:
    newsroom.site.behaviours["/film"] = lambda visit: visit.respond(
        b"\0\0\0\x18ftypmp42" + bytes(900), content_type="video/mp4"
    )
    films = '<video src="/film/a.mp4"></video><video src="/film/b.mp4"></video>'
    channel = newsroom.publish("films", f"<html><title>Films</title><body>{films}</body></html>".encode(), "text/html")
    watching.watch(channel, "channel")
    first = watching.look()
    assert (first["found"], first["new"]) == (2, 2)
    assert newsroom.site.address in first["detail"]
    assert (watching.look()["found"], watching.look()["new"]) == (2, 0)
    films = [path for path in newsroom.site.paths() if path.startswith("/film")]
    assert sorted(films) == ["/film/a.mp4", "/film/b.mp4"]


BOMB = (
    b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<rss version='2.0'><channel><item><title>&c;</title><link>/story/9</link></item></channel></rss>"
)


@pytest.mark.campaign
def test_a_look_that_fails_is_recorded_with_its_cause_and_the_watch_goes_on(
    newsroom: Newsroom, watching: Watching
) -> None:
    feed = newsroom.site.url("/news/feed")
    watching.watch(feed)
    whole = rss(("One", "/story/1"), ("Two", "/story/2"))
    newsroom.site.behaviours["/cut"] = lambda visit: visit.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", whole
    )
    broken = {
        "http-status": lambda: None,
        "not-the-content": lambda: newsroom.publish("feed", b"<html><body>" + b"Not a feed. " * 300, "text/html"),
        "truncated": lambda: newsroom.publish("feed", whole[:-40]),
        "malformed": lambda: newsroom.publish("feed", BOMB),
    }
    for cause, publish in broken.items():
        publish()
        look = watching.look(code=1)
        assert (look["status"], look["cause"], look["found"], look["results"]) == ("failed", cause, 0, [])
        assert look["detail"] or cause == "http-status"
    newsroom.publish("feed", whole)
    assert watching.look()["new"] == 2
    history = watching.must("monitor", "history", "News")["checks"]
    assert [one["cause"] for one in history] == [*broken, None]
    assert sorted(newsroom.stories_asked()) == ["/story/1", "/story/2"]
    (shown,) = watching.must("monitor", "list")["monitors"]
    assert shown["last_look"] == shown["last_success"] == history[-1]["checked_at"]
    # What was answered instead of a feed is kept as well: it is what was observed.
    assert len([one for one in watching.items() if one["locator"] == feed]) == len(history)


def test_a_feed_that_stops_or_cannot_be_reached_is_a_failed_look(newsroom: Newsroom, watching: Watching) -> None:
    watching.watch(newsroom.site.url("/truncated"), name="cut")
    watching.watch(newsroom.site.url("/reset"), name="reset")
    watching.watch("http://127.0.0.1:9/feed", name="policy")
    watching.watch("http://no-such-host.invalid/feed", name="channel", kind="channel")
    causes = {"cut": "truncated", "reset": "reset", "policy": "blocked-by-policy", "channel": "dns"}
    runs = watching.must("monitor", "run", code=1)["runs"]
    assert {one["name"]: (one["status"], one["cause"]) for one in runs} == {
        name: ("failed", cause) for name, cause in causes.items()
    }


def test_links_that_are_no_web_addresses_are_refused_each_with_a_record(newsroom: Newsroom, watching: Watching) -> None:
    links = ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/x", "data:text/html,x", "http://[::1"]
    watching.watch(newsroom.publish("feed", rss(*((f"Entry {link[:4]}", link) for link in links), ("One", "/story/1"))))
    look = watching.look(code=1)
    outcomes = {one["locator"]: (one["outcome"], one["cause"]) for one in look["results"]}
    assert outcomes.pop(newsroom.site.url("/story/1")) == ("captured", None)
    assert set(outcomes.values()) == {("refused", "unsupported")}
    assert sorted(locator.partition(":")[0] for locator in outcomes) == ["data", "file", "ftp", "javascript"]
    assert look["detail"] == "entries that name no locator: 1"
    refused = watching.must("attempts", "--failed")["attempts"]
    assert sorted(one["locator"] for one in refused) == sorted(outcomes)
    assert watching.look()["new"] == 0


def test_an_entry_that_failed_for_a_passing_cause_is_tried_again_some_times(
    newsroom: Newsroom, watching: Watching, tmp_path: Path
) -> None:
    sheet = tmp_path / "list.txt"
    sheet.write_text("\n".join(map(newsroom.site.url, ("/late", "/reset", "/news/gone"))))
    watching.watch(str(sheet), "list")
    newsroom.site.behaviours["/late"] = newsroom.site.behaviours["/reset"]
    first = watching.look(code=1)
    assert [one["outcome"] for one in first["results"]] == ["failed", "failed", "captured"]
    newsroom.site.behaviours["/late"] = newsroom.site.behaviours["/story"]
    second = watching.look(code=1)
    assert (second["new"], [one["outcome"] for one in second["results"]]) == (0, ["captured", "failed"])
    looks = [watching.must("monitor", "run", "News", code=code)["runs"][0] for code in (1, 1, 0)]
    assert [len(look["results"]) for look in looks] == [1, 1, 0]
    asked = newsroom.site.paths()
    assert (asked.count("/late"), asked.count("/reset"), asked.count("/news/gone")) == (2, 4, 1)


def test_hostile_names_reach_the_record_and_not_the_terminal(newsroom: Newsroom, watching: Watching) -> None:
    steering = "\u202eevil \x9b31m <script>alert(1)</script>"
    title = steering.replace("<", "&lt;").replace(">", "&gt;")
    watching.watch(newsroom.publish("feed", rss((title, "/story/1"), (title, "/news/\u202egpj.exe"))), name=steering)
    code, out, err = watching.run("monitor", "run", steering)
    assert code == 1
    code, listed, _err = watching.run("monitor", "list")
    assert code == 0
    for text in (out, err, listed):
        assert not {"\u202e", "\x9b", "\x1b"} & set(text)
    assert watching.must("monitor", "list")["monitors"][0]["name"] == steering


def test_watches_are_stated_paused_and_listed(newsroom: Newsroom, watching: Watching, tmp_path: Path) -> None:
    feed = newsroom.publish("feed", rss())
    sheet = tmp_path / "list.txt"
    sheet.write_text(newsroom.site.url("/story/1"))
    watching.watch(feed)
    watching.watch(str(sheet), "list", name="List", every="1d")
    for wrong in (
        (feed, "--kind", "feed", "--name", "News", "--why", "again"),
        (feed, "--kind", "blog", "--name", "Blog", "--why", "x"),
        (feed, "--kind", "feed", "--name", "Fast", "--why", "x", "--every", "5s"),
        (feed, "--kind", "feed", "--name", " ", "--why", "x"),
        ("file:///etc/passwd", "--kind", "feed", "--name", "File", "--why", "x"),
        (str(tmp_path / "none.txt"), "--kind", "list", "--name", "None", "--why", "x"),
    ):
        assert watching.run("monitor", "add", *wrong)[0] == 2, wrong
    sheet.unlink()
    assert watching.must("monitor", "pause", "List")["next_look"] is None
    looked = watching.must("monitor", "run")["runs"]
    assert [one["name"] for one in looked] == ["News"]
    assert watching.must("monitor", "run")["runs"] == []
    assert watching.must("monitor", "pause", "List", "--resume")["paused"] is False
    (gone,) = watching.must("monitor", "run", code=1)["runs"]
    assert (gone["name"], gone["status"], gone["cause"]) == ("List", "failed", "list-unreadable")
    assert watching.run("monitor", "run", "Nobody")[0] == 2
