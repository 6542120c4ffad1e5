"""What the worker that reads posts is asked and answers, as the parent checks it. Light: no parser is imported."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from casefile.model import Text, Value
from casefile.posts import Post

MODULE = "collectors.posts.reading"
"""The worker module to open; it needs no network."""
DigestName = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class AskedFile(Value):
    """A working copy, named by its sha256, and the locator of the item that it stands for."""

    file: DigestName
    locator: Text = ""


class PostsRequest(Value):
    """Working copies in which posts are to be looked for."""

    files: tuple[AskedFile, ...] = Field(max_length=400)


class ReadFile(Value):
    """The posts that one file tells of."""

    file: DigestName
    posts: tuple[Post, ...] = ()


class PostsAnswer(Value):
    """What was read, in the order of the request."""

    files: tuple[ReadFile, ...] = ()
