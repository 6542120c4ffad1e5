"""Virtual identities: registered, used for one platform, paused, resumed, retired. Each is a statement in the log.

What gives an identity away is in protected parts, its cookies are beside the keys, and the log has their digest only.
"""

from __future__ import annotations

import json
import re
import time
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.canonical import canonical_json
from casefile.digests import sha256
from casefile.errors import GateRefused, JarUnusable, UnknownIdentity, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import GateOverridden, IdentityChecked, IdentityStated, IdentityWords
from casefile.model import Contact, readable
from casefile.records.engine import reading
from casefile.records.identities import RESUMED, IdentityRecord, find_identity, is_overridden, list_identities
from casefile.vocabulary import Access, Cause, GateMode, Purpose
from collectors.jars import HOST, MAX_JAR_BYTES, Cookie, Jar, read_jar, within
from collectors.locators import Locator, parse_locator
from collectors.platforms import hosts_of
from pipelines.identity_uses import Uses
from pipelines.services import Services
from preservation.durable import Disk
from preservation.jars import Jars

GATE = "identity-mixing"
VIEWPORT = re.compile(r"[1-9][0-9]{2,4}x[1-9][0-9]{2,4}", re.ASCII)
HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,1000}", re.ASCII)
SHORTEST_TEXT = 3
ALONE = frozenset({"localhost"})
"""Hosts that have no dot and are no top-level domain."""

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """What is to be registered. What is left empty of what a site sees is taken from the settings of captures."""

    name: str
    platform: str
    hosts: tuple[str, ...] = ()
    jar: Path | None = None
    access: Access = Access.REGISTRATION
    handle: str = ""
    user_agent: str = ""
    accept_language: str = ""
    time_zone: str = ""
    viewport: str = ""
    canary: str = ""
    canary_text: str = ""
    why: str = ""
    note: str = ""
    made_by: str = ""
    made_at: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """An identity as it now stands, and how many cookies of its file were left out."""

    identity: IdentityRecord
    expired: int = 0
    foreign: int = 0


def add_identity(services: Services, new: NewIdentity, note: Note) -> Registered:
    """Register a virtual identity; its jar is copied, narrowed to its platform's hosts, for its owner only.

    Raises UsageError for what makes no sense, JarUnusable, and GateRefused for access that needs a permission which no
    virtual identity may obtain, and as `judge_mixing` does.
    """
    if new.access is Access.RESTRICTED:
        raise GateRefused(
            "access",
            "no virtual identity is used to enter a space that somebody has to let one into",
            "The Berkeley Protocol, paragraphs 63 and 65: what is closed is obtained by consent or by law.",
        )
    hosts = _hosts(new)
    _check(services, new, hosts)
    jar = _read_jar(new.jar, hosts) if new.jar else Jar(())
    stated = IdentityRecord(
        id=services.clock.mint(),
        platform=new.platform.strip().lower(),
        hosts=hosts,
        access=new.access,
        user_agent=new.user_agent or services.settings.capture.user_agent,
        accept_language=new.accept_language or services.settings.capture.accept_language,
        time_zone=new.time_zone,
        viewport=new.viewport,
        cookies=len(jar.cookies),
        retired=False,
        name=new.name.strip(),
        handle=new.handle.strip(),
        jar=sha256(_written(jar)) if jar.cookies else "",
        why=readable(new.why),
        note=readable(new.note),
        made_by=readable(new.made_by),
        made_at=readable(new.made_at),
        canary=new.canary,
        canary_text=new.canary_text,
        stated_at="",
        stated_by="",
    )
    judge_mixing(services, stated, Purpose.WORK, note)
    _store(services, jar)
    return Registered(_state(services, stated), jar.expired, jar.foreign)


def resume_identity(services: Services, text: str, jar: Path | None, note: Note) -> Registered:
    """Let an identity be used again after its session expired or was challenged, with a new jar where one is given."""
    identity = known_identity(services, text)
    read = Jar(())
    if jar is not None:
        read = _read_jar(jar, identity.hosts)
        identity = replace(identity, cookies=len(read.cookies), jar=sha256(_written(read)))
        judge_mixing(services, identity, Purpose.WORK, note)
        _store(services, read)
        identity = _state(services, identity)
    note_check(services, identity, RESUMED, IdentityChecked(occasion="by hand"))
    return Registered(known_identity(services, identity.id), read.expired, read.foreign)


def retire_identity(services: Services, text: str) -> IdentityRecord:
    """Use an identity no more: its jar is discarded, its record stays."""
    identity = known_identity(services, text)
    return _state(services, replace(identity, retired=True, jar="", cookies=0))


def allow_mixing(services: Services, text: str, reason: str) -> IdentityRecord:
    """Record why an identity may be used here although another investigation uses it too."""
    if not reason.strip():
        raise UsageError("an override needs a reason")
    identity = known_identity(services, text)
    _override(services, identity, readable(reason), "overridden")
    return identity


def known_identity(services: Services, text: str) -> IdentityRecord:
    """The identity of that id or name, unless it is retired; raises UnknownIdentity."""
    with reading(services.engine) as connection:
        identity = find_identity(connection, text)
    if identity.retired:
        raise UnknownIdentity(text, "is to be used any more under that name")
    return identity


def cookies_of(services: Services, identity: IdentityRecord) -> tuple[Cookie, ...]:
    """The cookies of an identity's jar. Raises JarUnusable when it is gone, DigestMismatch when it was altered."""
    if not identity.jar:
        return ()
    return tuple(Cookie.model_validate(one) for one in json.loads(_jars(services).read(identity.jar)))


def judge_mixing(services: Services, identity: IdentityRecord, purpose: Purpose, note: Note) -> None:
    """Note the use of an identity, and say so when another investigation uses it too (Berkeley Protocol, ¶68f).

    Raises GateRefused where gates are enforced, which they are for what a court is to see, unless somebody gave a
    reason.
    """
    marks = [f"{identity.platform}\n{identity.handle or identity.name}"]
    if identity.jar:
        marks.append(f"jar\n{identity.jar}")
    uses = Uses(services.settings.identity.uses_file)
    if others := uses.others(marks, services.log.id):
        _judge_others(services, identity, purpose, others, note)
    uses.note(marks, services.log.id)


def _judge_others(services: Services, identity: IdentityRecord, purpose: Purpose, others: int, note: Note) -> None:
    with reading(services.engine) as connection:
        if is_overridden(connection, GATE, identity.id):
            return
    said = f"this identity is used in {others} other investigation{'s' if others > 1 else ''} on this machine"
    mode = GateMode.ENFORCE if purpose is Purpose.COURT else services.settings.gates.mode
    if mode is GateMode.ENFORCE:
        remedy = "Use another identity, or record why with `casefile identity allow NAME --reason R`."
        raise GateRefused(GATE, f"{said}, so that its platform can tie them together", remedy)
    if mode is GateMode.WARN:
        note(f"{said}: its platform, and whoever reads its records, can tie them together")
    _override(services, identity, f"{said}; gates.mode is {mode}", "warned" if mode is GateMode.WARN else "recorded")


def note_check(
    services: Services, identity: IdentityRecord, status: str, checked: IdentityChecked, cause: Cause | None = None
) -> None:
    """Record a look at an identity's session, or a person's word about it."""
    subject = Subject(kind="identity", id=identity.id)
    services.append(draft("identity.checked", subject, body=checked, outcome=EventOutcome(status=status, cause=cause)))


def checked_now(occasion: str, detail: str = "", contacts: Sequence[Contact] = ()) -> IdentityChecked:
    """A look, as it is recorded."""
    return IdentityChecked(occasion=occasion, detail=readable(detail), contacts=tuple(contacts))


def _state(services: Services, identity: IdentityRecord) -> IdentityRecord:
    """Record an identity as it stands from now on, and discard the jars that none has any more."""
    services.append(
        draft(
            "identity.stated",
            Subject(kind="identity", id=identity.id),
            body=IdentityStated(
                platform=identity.platform,
                hosts=identity.hosts,
                access=identity.access,
                user_agent=identity.user_agent,
                accept_language=identity.accept_language,
                time_zone=identity.time_zone,
                viewport=identity.viewport,
                cookies=identity.cookies,
                retired=identity.retired,
            ),
            protected=IdentityWords(
                name=identity.name,
                handle=identity.handle,
                jar=identity.jar,
                why=identity.why,
                note=identity.note,
                made_by=identity.made_by,
                made_at=identity.made_at,
                canary=identity.canary,
                canary_text=identity.canary_text,
            ),
            outcome=EventOutcome(status="retired" if identity.retired else "registered"),
        )
    )
    with reading(services.engine) as connection:
        known = list_identities(connection)
    _jars(services).keep_only({one.jar for one in known if one.jar})
    return next(one for one in known if one.id == identity.id)


def _override(services: Services, identity: IdentityRecord, reason: str, status: str) -> None:
    services.append(
        draft(
            "gate.overridden",
            Subject(kind="identity", id=identity.id),
            body=GateOverridden(gate=GATE, reason=reason),
            outcome=EventOutcome(status=status),
        )
    )


def _jars(services: Services) -> Jars:
    return Jars(services.workspace.keys, Disk(services.reached))


def _store(services: Services, jar: Jar) -> None:
    if jar.cookies:
        _jars(services).store(_written(jar))


def _written(jar: Jar) -> bytes:
    """A jar as it is stored."""
    return canonical_json([one.plain() for one in jar.cookies])


def _read_jar(path: Path, hosts: Sequence[str]) -> Jar:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_JAR_BYTES + 1)
    except OSError as error:
        raise JarUnusable(f"it cannot be read: {error.strerror}") from error
    return read_jar(content, hosts, int(time.time()))


def _hosts(new: NewIdentity) -> tuple[str, ...]:
    hosts = tuple(dict.fromkeys(one.strip().lower().removeprefix(".") for one in new.hosts)) or hosts_of(new.platform)
    if not hosts:
        raise UsageError(
            f"the hosts of {new.platform!r} are not known; name them with --host, such as --host example.org"
        )
    for host in hosts:
        if not HOST.fullmatch(host) or ("." not in host and host not in ALONE):
            raise UsageError(f"{host!r} is not the host of a platform; write it as in an address, without https://")
    return hosts


def _check(services: Services, new: NewIdentity, hosts: Sequence[str]) -> None:
    if not new.name.strip():
        raise UsageError("an identity needs a name")
    with reading(services.engine) as connection:
        if any(one.name == new.name.strip() for one in list_identities(connection)):
            raise UsageError("another identity has that name")
    for value in (new.user_agent, new.accept_language):
        if value and not HEADER_VALUE.fullmatch(value):
            raise UsageError("a user agent and a language are one line of ASCII, as a browser sends it")
    if new.viewport and not VIEWPORT.fullmatch(new.viewport):
        raise UsageError(f"{new.viewport!r} is no viewport; write it as 1366x768")
    if new.time_zone and new.time_zone not in zoneinfo.available_timezones():
        raise UsageError(f"{new.time_zone!r} is no time zone; write it as Europe/Sarajevo")
    if bool(new.canary) != bool(new.canary_text.strip()):
        raise UsageError(
            "a canary is a page and the text that it shows to whoever is logged in: --canary and --canary-text"
        )
    if new.canary:
        place = parse_locator(new.canary)
        if not isinstance(place, Locator) or not within(place.host, hosts):
            raise UsageError("the canary has to be a page of the identity's platform")
        if len(new.canary_text.strip()) < SHORTEST_TEXT:
            raise UsageError("the canary's text is too short to tell anything")
