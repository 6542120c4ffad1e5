"""Which capture method takes a locator: a pure choice that gives its reason, so that the reason can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casefile.vocabulary import Cause
from collectors.interface import MethodSpec
from collectors.locators import Locator, RefusedLocator, parse_locator, scheme_of


@dataclass(frozen=True, slots=True)
class Choice:
    """The method that takes the locator, and why it and no other."""

    spec: MethodSpec
    reason: str


@dataclass(frozen=True, slots=True)
class NoMethod:
    """Nothing takes the locator; the attempt is recorded as `refused` with this cause."""

    cause: Cause
    reason: str


def choose_method(locator: str, specs: Sequence[MethodSpec], wanted: str | None = None) -> Choice | NoMethod:
    """The method for `locator`: the one asked for, else one that claims it, else the general one.

    Between several the larger `priority` decides, then the name, so that the same specs always give the same choice.
    """
    parsed = parse_locator(locator)
    scheme = parsed.scheme if isinstance(parsed, Locator) else scheme_of(locator.strip())
    able = [spec for spec in specs if scheme in spec.schemes]
    if not able or (isinstance(parsed, RefusedLocator) and scheme in ("http", "https")):
        return _refused(parsed, scheme)
    if wanted is not None:
        return _wanted(wanted, able, specs)
    text = parsed.text if isinstance(parsed, Locator) else locator.strip()
    claiming = [spec for spec in able if spec.claims is not None and spec.claims.search(text)]
    if claiming:
        return Choice(_first(claiming), "its pattern claims this locator")
    general = [spec for spec in able if spec.claims is None]
    if general:
        return Choice(_first(general), f"no method claims this locator; it takes any {scheme}: locator")
    return NoMethod(Cause.UNSUPPORTED, f"no method takes this {scheme}: locator unasked; name one with --method")


def _wanted(wanted: str, able: Sequence[MethodSpec], specs: Sequence[MethodSpec]) -> Choice | NoMethod:
    for spec in able:
        if spec.name == wanted:
            return Choice(spec, "asked for by name")
    known = ", ".join(sorted(spec.name for spec in specs))
    if wanted in {spec.name for spec in specs}:
        return NoMethod(Cause.UNSUPPORTED, f"the method {wanted!r} does not take this kind of locator")
    return NoMethod(Cause.UNSUPPORTED, f"there is no method {wanted!r}; there are: {known}")


def _refused(parsed: Locator | RefusedLocator, scheme: str) -> NoMethod:
    if isinstance(parsed, RefusedLocator):
        return NoMethod(parsed.cause, parsed.reason)
    return NoMethod(Cause.UNSUPPORTED, f"no method takes {scheme}: locators")


def _first(specs: Sequence[MethodSpec]) -> MethodSpec:
    return min(specs, key=lambda spec: (-spec.priority, spec.name))
