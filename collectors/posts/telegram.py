"""Posts in Telegram's public previews: the channel's page under /s/ and the widget of a single post.

Telegram documents the widget (core.telegram.org/widgets/post) and not its markup, which is known by its classes. The
preview gives no documents and, of large or restricted media, only that they exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from casefile.posts import Post, PostField
from collectors.posts.making import PostMaker
from collectors.posts.tree import Element, href_of

SOURCE = "telegram-preview"
MESSAGE = "tgme_widget_message"
BACKGROUND = re.compile(r"background-image\s{0,9}:\s{0,9}url\(['\"]?([^'\")]{1,2000})", re.IGNORECASE)
COUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?\s?([KMB]?)", re.ASCII | re.IGNORECASE)
POWERS = {"": 0, "K": 3, "M": 6, "B": 9}
NOT_SHOWN = "the preview does not show it and points to the app"
NO_FILE = "the preview names the file and does not give it"
EDITED = re.compile(r"(?:^|[\s,])edited(?:$|[\s,])", re.IGNORECASE)


def posts_of(page: Element) -> Iterator[Post]:
    """The messages of a preview, in the order of the page."""
    for message in page.of_class(MESSAGE):
        identifier = message.attributes.get("data-post", "")
        if identifier and (post := _message(message, identifier)) is not None:
            yield post


def _message(message: Element, identifier: str) -> Post | None:
    made = PostMaker(SOURCE)
    channel, _, number = identifier.rpartition("/")
    made.claim(PostField.POST_ID, number, "data-post")
    dated = message.first("tgme_widget_message_date")
    made.claim(PostField.LOCATOR, href_of([dated] if dated else []) or f"https://t.me/{identifier}", "date")
    made.claim(PostField.HANDLE, channel, "data-post")
    if owner := message.first("tgme_widget_message_owner_name"):
        made.claim(PostField.AUTHOR, owner.text(), "owner_name")
    if signed := message.first("tgme_widget_message_from_author"):
        made.claim(PostField.AUTHOR, signed.text(), "from_author")
    if words := message.first("js-message_text") or message.first("tgme_widget_message_text"):
        made.claim(PostField.TEXT, words.text(), "text")
    if dated is not None:
        stated = next((one.attributes.get("datetime", "") for one in dated.within() if one.name == "time"), "")
        made.time(PostField.POSTED, stated, "time")
    if (meta := message.first("tgme_widget_message_meta")) and EDITED.search(meta.text()):
        made.claim(PostField.EDITED_MARK, "edited", "meta")
    if reply := message.first("tgme_widget_message_reply"):
        made.claim(PostField.REPLY_TO, href_of([reply]), "reply")
    if forwarded := message.first("tgme_widget_message_forwarded_from"):
        made.claim(PostField.REPOST_OF, href_of([forwarded]) or forwarded.text(), "forwarded_from")
    if views := message.first("tgme_widget_message_views"):
        count = counted(views.text())
        made.claim(PostField.VIEWS, count, "views", views.text() if views.text() != count else "")
    _media(made, message)
    return made.post()


def counted(written: str) -> str:
    """The number in a rounded count such as 12.3K; the text itself where it is none."""
    match = COUNT.fullmatch(written.strip())
    if match is None:
        return written
    whole, fraction, unit = match[1], match[2] or "", POWERS[match[3].upper()]
    if len(fraction) > unit:
        return written
    return str(int(whole + fraction.ljust(unit, "0")))


def _media(made: PostMaker, message: Element) -> None:
    for one in message.within():
        classes = one.classes
        if "tgme_widget_message_photo_wrap" in classes:
            address = _background(one)
            made.medium("image", address, "photo_wrap", why="" if address else NOT_SHOWN)
        elif classes & {"tgme_widget_message_video_player", "tgme_widget_message_roundvideo_player"}:
            address = next((inner.attributes.get("src", "") for inner in one.within() if inner.name == "video"), "")
            made.medium("video", address, "video_player", why="" if address else NOT_SHOWN)
        elif one.name == "audio":
            address = one.attributes.get("src", "")
            made.medium("audio", address, "voice", why="" if address else NOT_SHOWN)
        elif "tgme_widget_message_document_wrap" in classes:
            titled = one.first("tgme_widget_message_document_title")
            made.medium("document", "", "document_wrap", description=titled.text() if titled else "", why=NO_FILE)
        elif "message_media_not_supported_wrap" in classes and not _is_in_player(message, one):
            made.medium("other", "", "not_supported", why=NOT_SHOWN)


def _is_in_player(message: Element, found: Element) -> bool:
    """Whether a notice stands in a player, which is listed by itself."""
    players = message.of_class("tgme_widget_message_video_player")
    return any(one is found for player in players for one in player.within())


def _background(element: Element) -> str:
    match = BACKGROUND.search(element.attributes.get("style", ""))
    return match[1] if match else ""
