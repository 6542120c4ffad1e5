"""What became of a locator between two visits: pure rules over what both captures hold.

Nothing here says that anything was deleted, or why it is gone: what was observed at each visit is named, and how what
came differs.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from casefile.posts import Post, PostClaim, PostField, PostMedia
from casefile.vocabulary import Cause, Content

MAX_LINES = 2_000
"""Lines of a text that are compared; the rest counts as it is, equal or not."""
SHOWN_LINES = 200
LINE_CHARACTERS = 400
CONTEXT = 1


class Change(StrEnum):
    """What a visit found, against the visit before that brought content."""

    FIRST = "first"
    SAME_BYTES = "same-bytes"
    SAME_CONTENT = "same-content"
    CHANGED = "changed"
    REMOVAL_NOTICE = "removal-notice"
    NOT_THE_CONTENT = "not-the-content"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    ERASED = "erased"
    OPEN = "not-ended"


@dataclass(frozen=True, slots=True)
class Seen:
    """An item as two visits compare it. `text` is what it says; `pixels` the digest of its decoded pixels, or empty."""

    number: str
    role: str
    sha256: str
    title: str = ""
    text: str = ""
    pixels: str = ""
    posts: tuple[Post, ...] = ()
    erased: bool = False


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a comparison: `-` only before, `+` only after, a blank in both, `@` where lines were left out."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """How one item differs from the one of the visit before. `claims` are those of posts, before and after."""

    before: str
    after: str
    change: Change
    added: int = 0
    removed: int = 0
    lines: tuple[DiffLine, ...] = ()
    claims: tuple[tuple[str, str, str], ...] = ()
    why: str = ""


def observed(status: str, cause: str | None, content: str | None, reason: str) -> Change | None:
    """What a visit is called by itself; None where it brought content, which is then compared."""
    if status == "started":
        return Change.OPEN
    if status == "refused":
        return Change.REFUSED
    if status == "failed":
        return Change.REMOVAL_NOTICE if cause == Cause.REMOVED_NOTICE else Change.UNREACHABLE
    if reason.startswith("removal-notice"):
        return Change.REMOVAL_NOTICE
    if content == Content.ABSENT or (content == Content.DOUBTFUL and reason.partition(":")[0] in NOTICES):
        return Change.NOT_THE_CONTENT
    return None


NOTICES = frozenset(
    ("login-wall", "consent-page", "challenge", "soft-404", "region-block", "went-wrong", "says-unavailable")
)
"""Rules of the content-present check whose doubt is about what kind of page it is, and not whether it was drawn."""


def compare(before: Seen, after: Seen) -> Difference:
    """How an item differs from its forerunner; of two pictures that differ in bytes only equal pixels are the same."""
    if before.erased or after.erased:
        return Difference(before.number, after.number, Change.ERASED, why="one of the two was erased")
    if before.sha256 == after.sha256:
        return Difference(before.number, after.number, Change.SAME_BYTES)
    if before.pixels and after.pixels:
        same = before.pixels == after.pixels
        why = "the decoded pixels are equal" if same else "the decoded pixels differ"
        return Difference(before.number, after.number, Change.SAME_CONTENT if same else Change.CHANGED, why=why)
    claims = tuple(claims_between(before.posts, after.posts))
    lines_before, lines_after = (lines_of(one) for one in (before, after))
    told = any(name in TELLING for name, _before, _after in claims)
    if not lines_before and not lines_after and not before.posts:
        return Difference(before.number, after.number, Change.CHANGED, why="the bytes differ and no text is there")
    if lines_before == lines_after and not told:
        why = "the text is equal; other bytes differ"
        return Difference(before.number, after.number, Change.SAME_CONTENT, claims=claims, why=why)
    found = tuple(diff(lines_before, lines_after))
    added, removed = (sum(line.sign == sign for line in found) for sign in "+-")
    return Difference(before.number, after.number, Change.CHANGED, added, removed, found[:SHOWN_LINES], claims)


def lines_of(one: Seen) -> list[str]:
    """Title and text as they are compared: without empty lines, runs of blanks as one."""
    lines = (" ".join(line.split()) for line in (one.title, *one.text.split("\n")))
    return [line for line in lines if line]


def diff(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffLine]:
    """The lines that differ, each with a line of what is around it."""
    one, other = (list(lines[:MAX_LINES]) for lines in (before, after))
    for group in difflib.SequenceMatcher(None, one, other).get_grouped_opcodes(CONTEXT):
        yield DiffLine("@", f"line {group[0][1] + 1}")
        for kind, start, stop, other_start, other_stop in group:
            if kind == "equal":
                yield from (DiffLine(" ", line[:LINE_CHARACTERS]) for line in one[start:stop])
                continue
            yield from (DiffLine("-", line[:LINE_CHARACTERS]) for line in one[start:stop])
            yield from (DiffLine("+", line[:LINE_CHARACTERS]) for line in other[other_start:other_stop])
    if before[MAX_LINES:] != after[MAX_LINES:]:
        yield DiffLine("@", f"beyond line {MAX_LINES} they differ too")


TELLING = frozenset((*(one.value for one in (
    PostField.AUTHOR, PostField.HANDLE, PostField.TEXT, PostField.TITLE, PostField.POSTED, PostField.EDITED,
    PostField.EDITED_MARK, PostField.REPLY_TO, PostField.REPOST_OF, PostField.QUOTES, PostField.WARNING,
)), "media"))  # fmt: skip
"""Claims about a post that make it another one; counts, which always grow, do not."""


def claims_between(before: Sequence[Post], after: Sequence[Post]) -> Iterator[tuple[str, str, str]]:
    """The claims of the posts that both visits found, by identifier, which differ: name, before, after."""
    known = {_name(post): post for post in before}
    for post in after:
        earlier = known.get(_name(post))
        if earlier is None:
            continue
        one, other = _by_origin(earlier.claims), _by_origin(post.claims)
        for key in dict.fromkeys((*one, *other)):
            if one.get(key) != other.get(key):
                yield key[0], one.get(key, ""), other.get(key, "")
        if (media := _media(earlier.media)) != (later := _media(post.media)):
            yield "media", media, later


def pairs(before: Iterable[Seen], after: Sequence[Seen]) -> Iterator[tuple[Seen | None, Seen]]:
    """Each item of a visit with its forerunner: the one of the same role in the same place among its kind."""
    waiting: dict[str, list[Seen]] = {}
    for one in before:
        waiting.setdefault(one.role, []).append(one)
    for one in after:
        left = waiting.get(one.role)
        yield (left.pop(0) if left else None), one


def _name(post: Post) -> str:
    return post.first(PostField.POST_ID) or post.first(PostField.LOCATOR)


def _by_origin(claims: Iterable[PostClaim]) -> Mapping[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for claim in claims:
        found.setdefault((claim.field.value, claim.origin), claim.value)
    return found


def _media(media: Iterable[PostMedia]) -> str:
    return "; ".join(
        f"{one.kind} {one.locator or one.description}{' (withheld)' if one.withheld else ''}" for one in media
    )
