"""Posts in answers of the AT Protocol's public interface: app.bsky.feed.getPostThread, getPosts and getAuthorFeed.

The lexicons app.bsky.feed.defs (postView, threadViewPost, feedViewPost) and app.bsky.embed.* are published at
docs.bsky.app.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from casefile.posts import Post, PostField
from collectors.posts.making import MAX_POSTS, PostMaker, Record, record, records

SOURCE = "bluesky-api"
POST_URI = re.compile(r"at://([^/]{1,300})/app\.bsky\.feed\.post/([^/]{1,300})")


def posts_of(answer: object) -> Iterator[Post]:
    """The posts of an answer: a thread with its parents and replies, a list of posts, or a feed."""
    whole = record(answer)
    for one in _views(whole):
        if (post := _post(one)) is not None:
            yield post
    for one in records(whole.get("feed")):
        post = _post(record(one.get("post")))
        if post is not None:
            yield from _reposts(post, record(one.get("reason")))
            yield post


def _views(whole: Record) -> Iterator[Record]:
    """The views of posts; the one that was asked for before what it answers and what answers it."""
    yield from records(whole.get("posts"))
    waiting = [record(whole.get("thread"))]
    for _step in range(MAX_POSTS):
        if not waiting:
            return
        node = waiting.pop(0)
        if view := record(node.get("post")):
            yield view
        if parent := record(node.get("parent")):
            waiting.append(parent)
        waiting += records(node.get("replies"))


def _post(view: Record) -> Post | None:
    uri = view.get("uri")
    match = POST_URI.fullmatch(uri) if isinstance(uri, str) else None
    author, written = record(view.get("author")), record(view.get("record"))
    if match is None or not author or not written:
        return None
    made = PostMaker(SOURCE)
    handle = author.get("handle")
    made.claim(PostField.POST_ID, match[2], "uri")
    made.claim(PostField.LOCATOR, locator_of(uri, handle), "uri", str(uri))
    made.claim(PostField.AUTHOR, author.get("displayName"), "author.displayName")
    made.claim(PostField.HANDLE, handle, "author.handle")
    made.claim(PostField.AUTHOR_ID, author.get("did"), "author.did")
    made.time(PostField.POSTED, written.get("createdAt"), "record.createdAt")
    made.time(PostField.POSTED, view.get("indexedAt"), "indexedAt")
    made.claim(PostField.TEXT, written.get("text"), "record.text")
    languages = written.get("langs")
    for language in languages[:20] if isinstance(languages, list) else ():
        made.claim(PostField.LANGUAGE, language, "record.langs")
    made.claim(PostField.REPLY_TO, record(record(written.get("reply")).get("parent")).get("uri"), "record.reply.parent")
    for label in records(view.get("labels")):
        made.claim(PostField.WARNING, label.get("val"), "labels")
    made.claim(PostField.REPLIES, view.get("replyCount"), "replyCount")
    made.claim(PostField.REPOSTS, view.get("repostCount"), "repostCount")
    made.claim(PostField.LIKES, view.get("likeCount"), "likeCount")
    _embed(made, record(view.get("embed")))
    return made.post()


def locator_of(uri: object, handle: object = None) -> str:
    """The page of a post on bsky.app, by the author's handle where it is known."""
    match = POST_URI.fullmatch(uri) if isinstance(uri, str) else None
    if match is None:
        return ""
    return f"https://bsky.app/profile/{handle if isinstance(handle, str) and handle else match[1]}/post/{match[2]}"


def _embed(made: PostMaker, embed: Record) -> None:
    """What is embedded, by the lexicon of its view; a record with media has both."""
    for image in records(embed.get("images")):
        made.medium("image", image.get("fullsize"), "embed.images", description=image.get("alt"))
    if embed.get("playlist"):
        made.medium("video", embed.get("playlist"), "embed.video", description=embed.get("alt"))
    if external := record(embed.get("external")):
        made.medium("link", external.get("uri"), "embed.external", description=external.get("title"))
    quoted = record(embed.get("record"))
    if "uri" not in quoted:
        quoted = record(quoted.get("record"))
    made.claim(PostField.QUOTES, quoted.get("uri"), "embed.record")
    if media := record(embed.get("media")):
        _embed(made, media)


def _reposts(post: Post, reason: Record) -> Iterator[Post]:
    """The repost by which a post came into a feed: a post of its own, without words."""
    if not str(reason.get("$type", "")).endswith("#reasonRepost"):
        return
    made = PostMaker(SOURCE)
    by = record(reason.get("by"))
    made.claim(PostField.AUTHOR, by.get("displayName"), "reason.by.displayName")
    made.claim(PostField.HANDLE, by.get("handle"), "reason.by.handle")
    made.claim(PostField.AUTHOR_ID, by.get("did"), "reason.by.did")
    made.claim(PostField.REPOST_OF, post.first(PostField.LOCATOR), "reason")
    made.time(PostField.POSTED, reason.get("indexedAt"), "reason.indexedAt")
    repost = made.post()
    if repost is not None:
        yield repost
