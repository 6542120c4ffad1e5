"""Posts in what extractors write beside media: yt-dlp's info JSON and gallery-dl's JSON.

yt-dlp names its fields in its README ("Output template"); gallery-dl prints messages of [kind, ...] whose last member
is a dictionary, with keys that each of its extractors chooses: those are read that mean the same in most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casefile.posts import Post, PostField
from collectors.posts.making import PostMaker, Record, record, records

YTDLP, GALLERY_DL = "yt-dlp", "gallery-dl"
KEYS_OF_YTDLP: Sequence[tuple[PostField, tuple[str, ...]]] = (
    (PostField.LOCATOR, ("webpage_url", "original_url")),
    (PostField.AUTHOR, ("uploader", "channel", "creator")),
    (PostField.HANDLE, ("uploader_id", "channel_id")),
    (PostField.TITLE, ("fulltitle", "title")),
    (PostField.TEXT, ("description",)),
    (PostField.LANGUAGE, ("language",)),
    (PostField.VISIBILITY, ("availability",)),
    (PostField.REPLIES, ("comment_count",)),
    (PostField.REPOSTS, ("repost_count",)),
    (PostField.LIKES, ("like_count",)),
    (PostField.VIEWS, ("view_count",)),
)
KEYS_OF_GALLERY_DL: Sequence[tuple[PostField, tuple[str, ...]]] = (
    (PostField.POST_ID, ("post_id", "tweet_id", "shortcode", "post_shortcode", "id")),
    (PostField.LOCATOR, ("post_url", "permalink", "webpage_url")),
    (PostField.AUTHOR, ("fullname", "display_name", "nick", "author", "uploader")),
    (PostField.HANDLE, ("username", "screen_name", "handle", "user")),
    (PostField.TITLE, ("title",)),
    (PostField.TEXT, ("content", "description", "text", "caption")),
    (PostField.LANGUAGE, ("lang", "language")),
    (PostField.REPLY_TO, ("reply_id", "in_reply_to_id")),
    (PostField.REPOST_OF, ("retweet_id", "reblogged_root_url")),
    (PostField.QUOTES, ("quote_id",)),
    (PostField.REPLIES, ("reply_count", "replies_count", "num_comments", "comments")),
    (PostField.REPOSTS, ("retweet_count", "repost_count", "reblogs_count")),
    (PostField.LIKES, ("favorite_count", "like_count", "likes", "favourites_count")),
    (PostField.VIEWS, ("view_count", "views")),
)
"""In the order in which they are looked for; of several keys for one field all are claims."""
DATES = ("date", "created_at", "timestamp", "post_date")
PEOPLE = ("author", "user", "owner", "account")


def info_of(answer: object) -> Iterator[Post]:
    """The video that an info JSON of yt-dlp is about, or those of a playlist in it."""
    whole = record(answer)
    if whole.get("_type") in ("playlist", "multi_video"):
        for entry in records(whole.get("entries")):
            yield from info_of({**entry, "_type": "video"})
        return
    if not isinstance(whole.get("extractor") or whole.get("extractor_key"), str) or "webpage_url" not in whole:
        return
    made = PostMaker(YTDLP)
    made.claim(PostField.POST_ID, whole.get("id") if whole.get("extractor_key") != "Generic" else "", "id")
    for field, keys in KEYS_OF_YTDLP:
        for key in keys:
            made.claim(field, whole.get(key), key)
    made.time(PostField.POSTED, whole.get("timestamp"), "timestamp")
    made.time(PostField.POSTED, _day(whole.get("upload_date")), "upload_date")
    made.time(PostField.EDITED, whole.get("modified_timestamp"), "modified_timestamp")
    made.medium("video" if whole.get("vcodec") != "none" else "audio", whole.get("webpage_url"), "webpage_url")
    post = made.post()
    if post is not None:
        yield post


def messages_of(answer: object) -> Iterator[Post]:
    """The posts in what gallery-dl prints: each dictionary of a post, with the files that follow it."""
    messages = answer if isinstance(answer, list) else [[2, answer]]
    posts: dict[str, PostMaker] = {}
    for message in messages:
        if not isinstance(message, list) or not message or not isinstance(message[-1], dict):
            continue
        told: Record = message[-1]
        if "category" not in told or "subcategory" not in told:
            continue
        key = next((str(told[name]) for name in ("post_id", "tweet_id", "shortcode", "id") if name in told), "")
        if key not in posts:
            posts[key] = _from_gallery(told)
        if len(message) > 2 and isinstance(message[1], str):
            described = told.get("alt_text") or told.get("filename")
            posts[key].medium(told.get("type") or told.get("extension"), message[1], "url", description=described)
    for made in posts.values():
        if (post := made.post()) is not None:
            yield post


def _from_gallery(told: Record) -> PostMaker:
    made = PostMaker(GALLERY_DL)
    for field, keys in KEYS_OF_GALLERY_DL:
        for key in keys:
            made.claim(field, told.get(key), key)
    for person in PEOPLE:
        about = record(told.get(person))
        made.claim(PostField.AUTHOR, about.get("nick") or about.get("display_name"), f"{person}.nick")
        made.claim(PostField.HANDLE, about.get("name") or about.get("acct"), f"{person}.name")
        made.claim(PostField.AUTHOR_ID, about.get("id"), f"{person}.id")
    for key in DATES:
        made.time(PostField.POSTED, told.get(key), key)
    return made


def _day(value: object) -> object:
    """yt-dlp writes days without hyphens."""
    if isinstance(value, str) and len(value) == 8 and value.isascii() and value.isdigit():
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return None
