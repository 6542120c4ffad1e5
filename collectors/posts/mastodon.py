"""Posts in answers of Mastodon's interface, which Pleroma, Akkoma, GoToSocial and Pixelfed answer alike.

The entities Status, Context, Account and MediaAttachment are documented at docs.joinmastodon.org/entities.
"""

from __future__ import annotations

from collections.abc import Iterator

from casefile.posts import Post, PostField
from collectors.posts.making import PostMaker, Record, record, records

SOURCE = "mastodon-api"


def posts_of(answer: object) -> Iterator[Post]:
    """The statuses of an answer: one, a list of them, or a context of ancestors and descendants."""
    if isinstance(answer, list):
        for one in records(answer):
            yield from _status(one)
        return
    whole = record(answer)
    if is_status(whole):
        yield from _status(whole)
        return
    if "ancestors" in whole and "descendants" in whole:
        for name in ("ancestors", "descendants"):
            for one in records(whole[name]):
                yield from _status(one)


def is_status(value: Record) -> bool:
    """Whether an object has the shape of a Status."""
    account = record(value.get("account"))
    return {"id", "created_at", "content"} <= value.keys() and {"acct", "username"} <= account.keys()


def _status(status: Record) -> Iterator[Post]:
    if not is_status(status):
        return
    made = PostMaker(SOURCE)
    account = record(status["account"])
    made.claim(PostField.POST_ID, status["id"], "id")
    made.claim(PostField.LOCATOR, status.get("url") or status.get("uri"), "url" if status.get("url") else "uri")
    made.claim(PostField.AUTHOR, account.get("display_name"), "account.display_name")
    made.claim(PostField.HANDLE, account["acct"], "account.acct")
    made.claim(PostField.AUTHOR_ID, account.get("id"), "account.id")
    made.time(PostField.POSTED, status["created_at"], "created_at")
    made.time(PostField.EDITED, status.get("edited_at"), "edited_at")
    made.markup(PostField.TEXT, status["content"], "content")
    made.claim(PostField.LANGUAGE, status.get("language"), "language")
    made.claim(PostField.WARNING, status.get("spoiler_text"), "spoiler_text")
    made.claim(PostField.VISIBILITY, status.get("visibility"), "visibility")
    made.claim(PostField.REPLY_TO, status.get("in_reply_to_id"), "in_reply_to_id")
    reposted = record(status.get("reblog"))
    if is_status(reposted):
        made.claim(PostField.REPOST_OF, reposted.get("url") or reposted.get("uri") or reposted["id"], "reblog.url")
    quoted = record(record(status.get("quote")).get("quoted_status")) or record(status.get("quote"))
    made.claim(PostField.QUOTES, quoted.get("url") or quoted.get("uri"), "quote.url")
    made.claim(PostField.REPLIES, status.get("replies_count"), "replies_count")
    made.claim(PostField.REPOSTS, status.get("reblogs_count"), "reblogs_count")
    made.claim(PostField.LIKES, status.get("favourites_count"), "favourites_count")
    for attachment in records(status.get("media_attachments")):
        _attach(made, attachment)
    post = made.post()
    if post is not None:
        yield post
    if is_status(reposted):
        yield from _status({**reposted, "reblog": None})


def _attach(made: PostMaker, attachment: Record) -> None:
    """The file's own address, else where it came from: a server that did not take it over says so by the first."""
    own, remote = attachment.get("url"), attachment.get("remote_url")
    made.medium(
        attachment.get("type"),
        own or remote,
        "media_attachments",
        description=attachment.get("description"),
        why="" if own else "the server names the file and does not give it",
    )
