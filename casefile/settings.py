"""Settings: `casefile.toml`, overridden by environment variables that begin with CASEFILE_.

`__` separates levels: CASEFILE_EGRESS__ALLOW='["127.0.0.1:8080"]' sets `egress.allow`. A value from the
environment is read as JSON where that is possible and as text otherwise. This module is the sole reader of the
environment; everybody else receives the value that it needs.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from casefile.errors import SettingsError, WorkspaceUnusable
from casefile.settings_group import AUTHORITY_NAME
from casefile.settings_group import Group as _Group
from casefile.settings_of_archives import ArchiveSettings
from casefile.vocabulary import GateMode

PREFIX = "CASEFILE_"
SIGN_WITH, PASSPHRASE = "CASEFILE_SIGN_WITH", "CASEFILE_PASSPHRASE"
"""A person's own key, and what opens it."""
NOT_SETTINGS = frozenset({"CASEFILE_WORKSPACE", "CASEFILE_PERSON", SIGN_WITH, PASSPHRASE})
"""Variables of the command line that share the prefix."""
FILE_NAME = "casefile.toml"

VERBATIM = frozenset({("egress", "upstream_user"), ("egress", "upstream_password")})
"""Settings whose text is never read as JSON: a password of digits stays what it is."""
UPSTREAM = re.compile(r"direct|(?:http|socks5|tor)://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}", re.ASCII)
POLICY = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,8})){1,15}", re.ASCII)
VERIFIER_KEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}")
"""C2SP signed-note, verifier keys."""
HOST_AND_PORT = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}", re.ASCII)


class InvestigationSettings(_Group):
    """Written by `init`; the log says the same, and `audit` compares them."""

    id: str = Field(default="", description="The investigation's id, which is also its log's. Written by `init`.")
    person: str = Field(default="", description="Id of the person who acts when neither --as nor CASEFILE_PERSON says.")


class DatabaseSettings(_Group):
    """Where the index of the log is kept."""

    url: str = Field(
        default="",
        description="PostgreSQL address (postgresql://…). Empty: casefile.db in the workspace, which needs no server.",
    )


class EgressSettings(_Group):
    """What may be contacted beyond public web servers."""

    allow: tuple[str, ...] = Field(
        default=(),
        description="Non-public addresses that may be contacted, as host:port. Each use is recorded with the capture.",
    )
    ports: tuple[int, ...] = Field(
        default=(80, 443, 8080, 8443),
        description="Ports that may be contacted at public addresses; others serve mail, shells and databases.",
    )

    upstream: str = Field(
        default="direct",
        description="The one way out: `direct`, `http://HOST:PORT` (CONNECT), `socks5://HOST:PORT`, `tor://HOST:PORT` "
        "(Tor's SOCKS port; each capture has circuits of its own). The proxy looks names up. Where it fails, captures "
        "fail; nothing goes around it, allowances included.",
    )
    upstream_user: str = Field(default="", description="User name for the upstream proxy; not for Tor.")
    upstream_password: SecretStr = Field(
        default=SecretStr(""),
        description="Its password. Give it as CASEFILE_EGRESS__UPSTREAM_PASSWORD rather than in the file, which "
        "backups copy.",
    )
    record: bool = Field(
        default=False,
        description="Whether what passes is recorded for methods that keep no WARC themselves; takes full containment.",
    )
    unrecorded: Literal["refuse", "pass"] = Field(
        default="refuse",
        description="What becomes of a site that will have no recorder in between; one that passes is marked so.",
    )
    methods: Literal["passive", "page-scripts"] = Field(
        default="page-scripts",
        description="Methods of requests. `passive`: GET and HEAD only. `page-scripts`: a method that asks what a "
        "page's own scripts would (ytdlp) may POST as well; each such request is listed with the digest of its body.",
    )

    @field_validator("upstream")
    @classmethod
    def _way_out(cls, upstream: str) -> str:
        if not UPSTREAM.fullmatch(upstream):
            raise ValueError("not direct, http://HOST:PORT, socks5://HOST:PORT or tor://HOST:PORT")
        return upstream

    @field_validator("allow")
    @classmethod
    def _host_and_port(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        for one in allow:
            if not HOST_AND_PORT.fullmatch(one):
                raise ValueError(f"{one!r} is not host:port")
        return allow


class CaptureSettings(_Group):
    """Bounds and manners of one capture."""

    workers: int = Field(default=2, ge=1, le=64, description="Captures at the same time, each in its own process.")
    max_bytes: int = Field(
        default=4 << 30, ge=1024, description="Bytes accepted for one response, as sent; then it is kept as partial."
    )
    max_decoded_bytes: int = Field(
        default=8 << 30, ge=1024, description="Bytes after content decoding; a bomb ends here, its wire bytes are kept."
    )
    deadline_s: int = Field(default=3600, ge=1, description="Seconds for one capture as a whole.")
    connect_timeout_s: int = Field(default=20, ge=1, description="Seconds to connect, and between two reads.")
    minimum_rate_bytes_s: int = Field(
        default=256, ge=0, description="Bytes a second below which a transfer counts as stalled. 0 switches it off."
    )
    minimum_rate_window_s: int = Field(default=30, ge=1, description="Seconds over which the minimum rate is measured.")
    max_redirects: int = Field(default=5, ge=0, le=20, description="Redirects followed; each is recorded.")
    user_agent: str = Field(
        default="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        description="The user agent of every request of a capture. One per capture, so that no site sees two.",
    )
    accept_language: str = Field(default="en", description="Accept-Language of every request.")
    follow_media: bool = Field(
        default=True, description="Whether the video or audio that a captured page shows is taken too, as a capture."
    )
    comments: bool = Field(default=False, description="Whether the media method also fetches comments.")
    post_endpoints: Literal["off", "same-host", "documented"] = Field(
        default="same-host",
        description="Whether the page of a post is captured together with what its documented public endpoint says. "
        "`same-host`: where it is on the page's own host (Mastodon, Telegram); `documented`: elsewhere too (Bluesky).",
    )
    pages: Literal["purpose", "browser", "http"] = Field(
        default="purpose", description="How pages are taken without --method; `purpose`: `browser` for decision, court."
    )
    mhtml: bool = Field(default=False, description="Whether the method `browser` also saves a page as one MHTML file.")
    consent: bool = Field(
        default=False,
        description="Whether the method `browser`, once a page is taken, answers a request for consent by one click "
        "(it refuses where it can) and takes another picture.",
    )


class ReserveSettings(_Group):
    """What must stay free on the file system of the workspace."""

    bytes: int = Field(
        default=256 << 20, ge=0, description="Bytes that must stay free before a capture starts, kept for the log."
    )
    inodes: int = Field(default=2048, ge=0, description="Inodes that must stay free before a capture starts.")


class GateSettings(_Group):
    """How strictly gates act."""

    mode: GateMode = Field(
        default=GateMode.WARN,
        description="record, warn or enforce; for purpose court always enforce. Asked of: an identity that another "
        "investigation uses too, preparation, preliminary assessment, the reasons for a bulk collection.",
    )
    bulk: int = Field(
        default=500,
        ge=1,
        description="Addresses of one list from which on the collection needs its purpose, necessity, proportionality "
        "and cap (`plan template bulk`).",
    )


class TimeAuthority(_Group):
    """One RFC 3161 time-stamping authority and the roots that it is checked against.

    `roots` is a PEM file, `policy` an object identifier that its tokens must be made under; empty: any.
    """

    name: str
    url: str
    roots: str
    policy: str = ""

    @field_validator("name")
    @classmethod
    def _file_name(cls, name: str) -> str:
        if not AUTHORITY_NAME.fullmatch(name):
            raise ValueError("a name is of at most 32 small letters, digits and hyphens")
        return name

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not re.match(r"https?://[^/?#@]+(?:[/?#]|$)", url):
            raise ValueError("not an address of http or https, or one with a user name in it")
        return url

    @field_validator("policy")
    @classmethod
    def _object_identifier(cls, policy: str) -> str:
        if policy and not POLICY.fullmatch(policy):
            raise ValueError("not an object identifier such as 1.3.6.1.4.1.99999.1")
        return policy


class TimeSettings(_Group):
    """Who is asked what time it is, and who attests it."""

    servers: tuple[str, ...] = Field(
        default=(),
        description="Time servers (host or host:port) that are asked once a command for the clock's offset; none.",
    )
    authorities: tuple[TimeAuthority, ...] = Field(
        default=(),
        description="RFC 3161 authorities that `checkpoint` and `serve` have each head stamped by, as {name, url, "
        "roots}: roots is a PEM file, from the workspace where it is relative. `policy`, an object identifier, may be "
        "added. They are sent a digest, by POST, whatever egress.methods says. None by default: nothing goes out.",
    )

    @field_validator("authorities")
    @classmethod
    def _each_once(cls, authorities: tuple[TimeAuthority, ...]) -> tuple[TimeAuthority, ...]:
        if len({one.name for one in authorities}) < len(authorities):
            raise ValueError("two authorities have one name")
        return authorities


class WitnessSetting(_Group):
    """One witness: its verifier key, which holds its name, and its address; by hand without one."""

    key: str
    url: str = ""

    @field_validator("key")
    @classmethod
    def _verifier_key(cls, key: str) -> str:
        if not VERIFIER_KEY.fullmatch(key):
            raise ValueError("not a verifier key NAME+ID+KEY, as `casefile witness init` prints it")
        return key

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if url and not re.match(r"https?://[^/?#@]+(?:[/?#]|$)", url):
            raise ValueError("not an address of http or https, or one with a user name in it")
        return url


class CustodySettings(_Group):
    """Who outside holds the heads of the log."""

    witnesses: tuple[WitnessSetting, ...] = Field(
        default=(),
        description="Witnesses, as {key, url}: `checkpoint` asks each that has an url, by the egress policy; one "
        "without is asked by hand, with files. None by default: nothing goes out.",
    )

    @field_validator("witnesses")
    @classmethod
    def _each_once(cls, witnesses: tuple[WitnessSetting, ...]) -> tuple[WitnessSetting, ...]:
        names = [one.key.partition("+")[0] for one in witnesses]
        if len(set(names)) < len(names):
            raise ValueError("two witnesses have one name")
        return witnesses


class ExamineSettings(_Group):
    """How alike two pictures are before they are flagged."""

    candidate_distance_bits: int = Field(
        default=64, ge=0, le=90, description="PDQ distance, of 256 bits, up to which a pair is flagged as a candidate."
    )
    auto_distance_bits: int = Field(
        default=31, ge=0, le=64, description="PDQ distance, of 256 bits, up to which a pair needs no second look."
    )
    local_features: bool = Field(
        default=True,
        description="Compare stills by key points too: finds crops, captions, insets and photographs of a screen, at "
        "about 0.1 s of processor for each picture. Needs OpenCV.",
    )


class DisclosureSettings(_Group):
    """What must not leave with a package."""

    exit_addresses: tuple[str, ...] = Field(
        default=(),
        description="Addresses that sites see captures come from. A package that holds one is refused.",
    )


class IdentitySettings(_Group):
    """How virtual identities are looked after."""

    uses_file: str = Field(
        default="~/.local/state/casefile/identity-uses.json",
        description="A file outside all workspaces that tells when one identity is used in two investigations. It "
        "holds salted digests, no names. Empty: nobody is warned.",
    )
    methods: Literal["passive", "page-scripts"] = Field(
        default="passive",
        description="Methods of requests under an identity. `passive`: GET and HEAD only, since a POST with its "
        "cookies can act as the account. `page-scripts`: as `egress.methods` says.",
    )
    canary_every: int = Field(
        default=25,
        ge=0,
        description="Captures with an identity after which its session is looked at again; 0: only before the first "
        "and after an answer that looks like a login or a challenge.",
    )


class ReplicaSettings(_Group):
    """How many copies there have to be, on how many media, at how many places (Berkeley Protocol, paragraph 171)."""

    copies: int = Field(
        default=3, ge=1, description="Copies, the workspace itself among them. `doctor` says when there are fewer."
    )
    media: int = Field(default=2, ge=1, description="Kinds of medium among them.")
    sites: int = Field(default=2, ge=1, description="Places at which they are kept.")
    medium: str = Field(default="disk", description="What the workspace itself is on.")
    site: str = Field(default="here", description="Where the workspace itself is kept.")


class Settings(_Group):
    """All settings of one workspace."""

    investigation: InvestigationSettings = InvestigationSettings()
    database: DatabaseSettings = DatabaseSettings()
    egress: EgressSettings = EgressSettings()
    capture: CaptureSettings = CaptureSettings()
    reserve: ReserveSettings = ReserveSettings()
    gates: GateSettings = GateSettings()
    time: TimeSettings = TimeSettings()
    examine: ExamineSettings = ExamineSettings()
    identity: IdentitySettings = IdentitySettings()
    custody: CustodySettings = CustodySettings()
    replicas: ReplicaSettings = ReplicaSettings()
    disclosure: DisclosureSettings = DisclosureSettings()
    archives: ArchiveSettings = ArchiveSettings()

    @model_validator(mode="after")
    def _nothing_around_the_proxy(self) -> Self:
        if self.egress.upstream != "direct" and self.time.servers:
            raise ValueError("time.servers are asked directly, which egress.upstream rules out: leave one of them away")
        return self


def key_to_sign_with(environment: Mapping[str, str]) -> tuple[Path, str] | None:
    """The file of the key with which whoever acts signs, and its passphrase; None where nothing is signed."""
    file = environment.get(SIGN_WITH, "")
    return (Path(file).expanduser(), environment.get(PASSPHRASE, "")) if file else None


def load_settings(workspace: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of `workspace`; raises WorkspaceUnusable without casefile.toml, SettingsError for a bad value."""
    path = workspace / FILE_NAME
    try:
        stored: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise WorkspaceUnusable(str(workspace), "this is not a Casefile workspace") from error
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceUnusable(str(path), str(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(FILE_NAME, str(error)) from error
    return merge_settings(stored, environment)


def merge_settings(stored: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Stored values with the environment's on top, checked."""
    merged: dict[str, Any] = {key: dict(one) if isinstance(one, Mapping) else one for key, one in stored.items()}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        levels = [level.lower() for level in name.removeprefix(PREFIX).split("__")]
        if len(levels) != 2:
            raise SettingsError(name, "names no setting; two levels joined by __ are needed")
        group = merged.setdefault(levels[0], {})
        if not isinstance(group, dict):
            raise SettingsError(name, "names no setting")
        group[levels[1]] = text if tuple(levels) in VERBATIM else _read_value(text)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SettingsError(".".join(str(part) for part in first["loc"]), first["msg"]) from error


def _read_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
