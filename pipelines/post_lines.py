"""Posts as `show` and the lists give them: for a program with stable keys, for a person in lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from casefile.posts import Post, PostClaim, PostField
from casefile.records.posts import Reading
from casefile.zawgyi import LABEL, VERSION, unicode_form
from verification.interface import Claim, ClaimField, Conflict
from verification.technical.claims import conflicts_of

FIRST = 20
"""Posts that are shown to a person in full; `--json` has all."""


def reading_plain(reading: Reading | None) -> dict[str, Any] | None:
    """A reading of posts as `--json` gives it."""
    if reading is None:
        return None
    return {
        "read_at": reading.read_at,
        "version": reading.version,
        "failed": reading.failed or None,
        "event": reading.event,
        "posts": [post_plain(post) for post in reading.posts],
    }


def post_plain(post: Post | None) -> dict[str, Any]:
    """A post as `--json` gives it: what is stated first for each field, and every claim with its origin."""
    if post is None:
        return {"erased": True}
    fields = {field.value: post.first(field) or None for field in PostField}
    return {
        "erased": False,
        "source": post.source,
        "asked": post.asked,
        **fields,
        "claims": [_claim(claim) for claim in post.claims],
        "media": [medium.plain() for medium in post.media],
        "conflicts": [conflict.plain() for conflict in conflicts_in(post)],
    }


def conflicts_in(post: Post) -> tuple[Conflict, ...]:
    """Where a post's page, its interface and its identifier state times of posting that cannot all be right."""
    stated = [
        Claim(field=ClaimField.POSTED, value=claim.value, origin=claim.origin, as_written=claim.as_written)
        for claim in post.claims
        if claim.field is PostField.POSTED
    ]
    return conflicts_of(stated)


def _claim(claim: PostClaim) -> dict[str, Any]:
    """A claim, with the Unicode form of one that is written in Zawgyi, which is ours and not the origin's."""
    form = unicode_form(claim.value)
    derived = {"value": form, "label": LABEL, "rules": VERSION}
    return {**claim.plain(), "unicode_form": derived} if form else dict(claim.plain())


def post_lines(posts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same for a person; the post that was asked for comes first."""
    for post in posts[:FIRST]:
        if post["erased"]:
            yield "(erased)"
            continue
        yield f"from {post['source']}" + (", the one that the locator names" if post["asked"] else "")
        for claim in post["claims"]:
            written = f" (written {claim['as_written']})" if claim["as_written"] else ""
            first, *rest = claim["value"].split("\n")
            yield f"  {claim['field']}: {first}{written}  [{claim['origin']}]"
            yield from (f"      {line}" for line in rest if line)
            if form := claim.get("unicode_form"):
                yield f"    {form['label']}, by Casefile's rules {form['rules']}:"
                yield from (f"      {line}" for line in form["value"].split("\n") if line)
        for conflict in post["conflicts"]:
            values = " / ".join(f"{claim['value']} [{claim['origin']}]" for claim in conflict["claims"])
            yield f"  CONFLICT in {conflict['field']} ({conflict['kind']}): {values}"
        for medium in post["media"]:
            said = f": {medium['description']}" if medium["description"] else ""
            withheld = f" WITHHELD, {medium['why']}" if medium["withheld"] else ""
            yield f"  {medium['kind']}{withheld} {medium['locator']}{said}  [{medium['origin']}]"
    if len(posts) > FIRST:
        yield f"and {len(posts) - FIRST} more; --json has all"
