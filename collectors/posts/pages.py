"""Posts in what pages say of themselves: schema.org's JSON-LD and the Open Graph and Twitter properties of the head.

schema.org documents SocialMediaPosting, Article, VideoObject and their subtypes; ogp.me the properties.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from casefile.posts import Post, PostField
from collectors.posts.making import MAX_POSTS, PostMaker, Record, record, said
from collectors.posts.tree import Element

JSON_LD, OPEN_GRAPH = "json-ld", "open-graph"
POSTINGS = frozenset(
    (
        "SocialMediaPosting", "DiscussionForumPosting", "BlogPosting", "LiveBlogPosting", "Article", "NewsArticle",
        "ReportageNewsArticle", "OpinionNewsArticle", "AnalysisNewsArticle", "VideoObject", "ImageObject",
        "AudioObject", "Comment", "Question", "Answer", "Photograph",
    )
)  # fmt: skip
MEDIA = {"image": "image", "video": "video", "audio": "audio", "associatedMedia": "other", "thumbnailUrl": "thumbnail"}
ACTIONS = {
    "CommentAction": PostField.REPLIES, "ReplyAction": PostField.REPLIES, "ShareAction": PostField.REPOSTS,
    "LikeAction": PostField.LIKES, "WatchAction": PostField.VIEWS, "ViewAction": PostField.VIEWS,
}  # fmt: skip
MAX_NODES = 5_000
PROPERTIES = (
    (PostField.LOCATOR, ("og:url",)),
    (PostField.AUTHOR, ("author", "article:author", "og:article:author", "dc.creator")),
    (PostField.HANDLE, ("twitter:creator",)),
    (PostField.TITLE, ("og:title", "twitter:title")),
    (PostField.TEXT, ("og:description", "twitter:description")),
    (PostField.LANGUAGE, ("og:locale",)),
    (PostField.POSTED, ("article:published_time", "og:article:published_time", "og:video:release_date")),
    (PostField.EDITED, ("article:modified_time", "og:updated_time")),
)
OPEN_MEDIA = (
    ("image", ("og:image", "og:image:url")),
    ("video", ("og:video", "og:video:url")),
    ("audio", ("og:audio",)),
)


def posts_of(page: Element) -> Iterator[Post]:
    """What a page says it is: each posting of its JSON-LD, and what its head says, which joins a single one."""
    postings = [made for node in _nodes(page) if (made := _posting(node)) is not None]
    described = _open_graph(page)
    if len(postings) == 1 and described is not None:
        one = postings[0]
        yield one.model_copy(
            update={"claims": (*one.claims, *described.claims), "media": (*one.media, *described.media)}
        )
        return
    yield from postings
    if described is not None:
        yield described


def _nodes(page: Element) -> Iterator[Record]:
    """Every object of the page's JSON-LD that is a posting and is not a part of another one."""
    for element in page.within():
        if element.name != "script" or element.attributes.get("type", "").strip().lower() != "application/ld+json":
            continue
        try:
            waiting = [json.loads(element.content)]
        except (ValueError, RecursionError):
            continue
        for _step in range(MAX_NODES):
            if not waiting:
                break
            node = waiting.pop(0)
            if isinstance(node, list):
                waiting = node[:MAX_POSTS] + waiting
            elif isinstance(node, dict):
                if POSTINGS.intersection(_types(node)):
                    yield node
                else:
                    waiting += [node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node]


def _types(node: Record) -> Iterator[str]:
    kinds = node.get("@type")
    for one in kinds if isinstance(kinds, list) else [kinds]:
        if isinstance(one, str):
            yield one.rpartition("/")[2].rpartition(":")[2]


def _posting(node: Record) -> Post | None:
    made = PostMaker(JSON_LD)
    made.claim(PostField.POST_ID, _named(node.get("identifier")), "identifier")
    for key in ("url", "@id", "mainEntityOfPage"):
        value = _address(node.get(key))
        if value.startswith(("http://", "https://")):
            made.claim(PostField.LOCATOR, value, key)
    for key in ("author", "creator"):
        people = node.get(key)
        for person in people[:20] if isinstance(people, list) else [people]:
            made.claim(PostField.AUTHOR, _named(person), f"{key}.name")
            made.claim(PostField.HANDLE, record(person).get("alternateName"), f"{key}.alternateName")
            made.claim(PostField.AUTHOR_ID, _address(record(person).get("url")), f"{key}.url")
    for key in ("headline", "name"):
        made.claim(PostField.TITLE, node.get(key), key)
    for key in ("articleBody", "text", "description"):
        made.claim(PostField.TEXT, node.get(key), key)
    made.claim(PostField.LANGUAGE, _named(node.get("inLanguage")), "inLanguage")
    for key in ("datePublished", "uploadDate", "dateCreated"):
        made.time(PostField.POSTED, node.get(key), key)
    made.time(PostField.EDITED, node.get("dateModified"), "dateModified")
    made.claim(PostField.REPOST_OF, _address(node.get("sharedContent")), "sharedContent")
    made.claim(PostField.REPLY_TO, _address(node.get("parentItem")), "parentItem")
    made.claim(PostField.REPLIES, node.get("commentCount"), "commentCount")
    _interactions(made, node.get("interactionStatistic"))
    for key, kind in MEDIA.items():
        several = node.get(key)
        for one in several[:50] if isinstance(several, list) else [several]:
            address = record(one).get("contentUrl") or _address(one)
            if address:
                made.medium(kind, address, key, description=record(one).get("caption") or record(one).get("name"))
    if said(node.get("contentUrl")):
        made.medium(next(_types(node), ""), node["contentUrl"], "contentUrl")
    return made.post()


def _interactions(made: PostMaker, stated: object) -> None:
    for counter in stated[:20] if isinstance(stated, list) else [stated]:
        kind = record(counter).get("interactionType")
        name = next(_types(record(kind)), "") if isinstance(kind, dict) else said(kind).rpartition("/")[2]
        if name in ACTIONS:
            count = record(counter).get("userInteractionCount")
            made.claim(ACTIONS[name], count, f"interactionStatistic.{name}")


def _open_graph(page: Element) -> Post | None:
    stated: dict[str, list[str]] = {}
    for element in page.within():
        if element.name == "meta" and (content := element.attributes.get("content", "").strip()):
            name = element.attributes.get("property") or element.attributes.get("name") or ""
            stated.setdefault(name.strip().lower(), []).append(content)
    if "og:title" not in stated and "og:description" not in stated:
        return None
    made = PostMaker(OPEN_GRAPH)
    for field, names in PROPERTIES:
        for name in names:
            for value in stated.get(name, ())[:20]:
                if field in (PostField.POSTED, PostField.EDITED):
                    made.time(field, value, name)
                else:
                    made.claim(field, value, name)
    for kind, names in OPEN_MEDIA:
        for value in dict.fromkeys(value for name in names for value in stated.get(name, ())[:20]):
            made.medium(kind, value, names[0])
    return made.post()


def _named(value: object) -> str:
    return said(record(value).get("name") or record(value).get("value") if isinstance(value, dict) else value)


def _address(value: object) -> str:
    whole = record(value)
    return said(whole.get("url") or whole.get("@id") if whole else value)
