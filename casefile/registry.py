"""Plug-ins: entry points whose target is a light `SPEC`, checked by name before anything of theirs is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, TypeVar

from casefile.errors import SettingsError


class Spec(Protocol):
    """What every plug-in says of itself without being loaded."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...


S = TypeVar("S", bound=Spec)


def load_specs(group: str, kind: type[S], found: Iterable[EntryPoint] | None = None) -> tuple[S, ...]:
    """The specs of an entry-point group, sorted by name.

    Raises SettingsError, naming the plug-in, for a target that is not of `kind`, whose name differs from its entry
    point's, or that is there twice.
    """
    specs: dict[str, S] = {}
    for entry in sorted(found if found is not None else entry_points(group=group), key=lambda one: one.name):
        spec = entry.load()
        if not isinstance(spec, kind):
            raise SettingsError(f"{group}.{entry.name}", f"{entry.value} is not a {kind.__name__}")
        if spec.name != entry.name:
            raise SettingsError(f"{group}.{entry.name}", f"calls itself {spec.name!r}")
        if spec.name in specs:
            raise SettingsError(f"{group}.{entry.name}", "is registered twice")
        specs[spec.name] = spec
    return tuple(specs.values())
