"""What may be a name or a version of a tool, where a worker says it: it has read what was collected."""

from __future__ import annotations

from typing import Protocol, TypeVar

TOOL_CHARACTERS = 200


class Named(Protocol):
    """What has a name and a version."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...


Tool = TypeVar("Tool", bound=Named)


def plainly_named(tool: Tool) -> Tool:
    """`tool`, if its name can be looked up and shown; raises ValueError.

    What is in a log already is read whatever it is called.
    """
    said = (tool.name, tool.version)
    if not tool.name or any(len(one) > TOOL_CHARACTERS or not one.isprintable() for one in said):
        raise ValueError("a tool has no name, or a name or version that is none")
    return tool
