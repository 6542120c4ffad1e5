"""Every error that Casefile raises on purpose, with the exit code and the advice that go with it.

    CasefileError
    ├── UsageError                 2   a request that cannot be understood
    │   ├── SettingsError          2
    │   ├── SheetUnusable          2
    │   ├── JarUnusable            2
    │   ├── FieldRefused           2
    │   ├── UnknownPerson          2
    │   ├── UnknownIdentity        2
    │   └── UnknownItem            2
    ├── ToolMissing                3
    ├── GateRefused                4
    ├── CollectionError            1
    │   └── LeaseLost              1
    ├── ContainmentError           1
    │   └── ContainmentMissing     3
    ├── VerificationError          1
    ├── PreservationError          6
    │   ├── SpaceExhausted         6
    │   └── StorageFailed          6
    ├── IntegrityError             5
    │   ├── DigestMismatch         5
    │   ├── JournalShortened       5
    │   ├── DatabaseRestored       5
    │   ├── RecordUnreadable       5
    │   ├── VaultConflict          5
    │   ├── WitnessStateLost       5
    │   └── HeadContradicted       5
    └── WorkspaceUnusable          6
        ├── FolderInUse            6
        ├── KeyMissing             6
        ├── KeyLocked              6
        └── WorkspaceBusy          6

Audits collect coded problems instead of raising; everything else raises one of these.
"""

from __future__ import annotations

from typing import ClassVar


class CasefileError(Exception):
    """Root of the tree. `exit_code` is the one of DESIGN's command line; `retryable` is what a ledger asks."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def advice(self) -> str:
        """What the person at the keyboard can do now; empty when there is nothing to add."""
        return ""


class UsageError(CasefileError):
    """The request cannot be understood as it stands."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting has a value that Casefile cannot use."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"setting {setting}: {problem}")
        self.setting = setting
        self.problem = problem

    def advice(self) -> str:
        return "Correct it in casefile.toml or in the environment; docs/settings.md lists every setting."


class SheetUnusable(UsageError):
    """A list of locators cannot be read, or results cannot be written in the form that was asked for."""

    def __init__(self, sheet: str, problem: str, remedy: str) -> None:
        super().__init__(f"sheet {sheet!r}: {problem}")
        self.sheet = sheet
        self.problem = problem
        self.remedy = remedy

    def advice(self) -> str:
        return self.remedy


class UnknownPerson(UsageError):
    """No person of that id or unique name is recorded in this investigation."""

    def __init__(self, person: str) -> None:
        super().__init__(f"no single person is known as {person!r}")
        self.person = person

    def advice(self) -> str:
        return "List people with `casefile person list`; record one with `casefile person add NAME`."


class JarUnusable(UsageError):
    """A file of cookies cannot be read as one, or holds none that is of use. Its values are never in the message."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the jar cannot be used: {problem}")
        self.problem = problem

    def advice(self) -> str:
        return (
            "Export the cookies of the platform again, from the identity's own browser profile and while logged in, as "
            "cookies.txt (Netscape) or as the JSON of a cookie extension."
        )


class FieldRefused(UsageError):
    """Something that a person filled in cannot be recorded: each field with the rule that it breaks."""

    def __init__(self, sheet: str, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(f"{sheet}: " + "; ".join(f"{field}: {rule}" for field, rule in problems))
        self.sheet = sheet
        self.problems = problems

    def advice(self) -> str:
        return "Nothing was recorded. Correct what is named and give all of it again."


class UnknownIdentity(UsageError):
    """No virtual identity of that name or id is registered in this investigation, or it is retired."""

    def __init__(self, identity: str, problem: str = "is registered under that name or id") -> None:
        super().__init__(f"no virtual identity {problem}: {identity!r}")
        self.identity = identity

    def advice(self) -> str:
        return "List them with `casefile identity list`; register one with `casefile identity add NAME --platform P`."


class UnknownItem(UsageError):
    """No item has that id or number."""

    def __init__(self, item: str) -> None:
        super().__init__(f"no item is known as {item!r}")
        self.item = item

    def advice(self) -> str:
        return "List items with `casefile items`; an id or a number such as I-0042 is accepted."


class ToolMissing(CasefileError):
    """A program that the request cannot do without is not installed."""

    exit_code = 3

    def __init__(self, tool: str, needed_for: str, install: str = "") -> None:
        super().__init__(f"{tool} is missing; it is needed for {needed_for}")
        self.tool = tool
        self.needed_for = needed_for
        self.install = install

    def advice(self) -> str:
        return self.install or "Run `casefile doctor` to see what is missing and how to install it."


class GateRefused(CasefileError):
    """A gate or a policy refuses the request; nothing was done."""

    exit_code = 4

    def __init__(self, gate: str, reason: str, remedy: str = "") -> None:
        super().__init__(f"refused by {gate}: {reason}")
        self.gate = gate
        self.reason = reason
        self.remedy = remedy

    def advice(self) -> str:
        return self.remedy


class CollectionError(CasefileError):
    """A capture could not be brought to an end; its attempt is recorded."""


class LeaseLost(CollectionError):
    """Another worker took the work over; this one may no longer seal it."""

    def __init__(self, stage: str, key: str, token: int) -> None:
        super().__init__(f"the lease on {stage} {key} (token {token}) has passed to another worker")
        self.stage = stage
        self.key = key
        self.token = token


class ContainmentError(CasefileError):
    """A worker process could not be started or ended abnormally."""


class ContainmentMissing(ContainmentError):
    """The containment that was asked for is not available on this machine."""

    exit_code = 3

    def __init__(self, lacks: str) -> None:
        super().__init__(f"full containment is not available: {lacks}")
        self.lacks = lacks

    def advice(self) -> str:
        return (
            "Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap), or say `--containment weak` "
            "to go on without it; each capture then records what was not enforced."
        )


class VerificationError(CasefileError):
    """A check could not be run at all."""


class PreservationError(CasefileError):
    """Bytes could not be kept."""

    exit_code = 6


class SpaceExhausted(PreservationError):
    """The reserve of bytes or inodes is not free, so no capture is started."""

    def __init__(self, what: str, free: int, needed: int) -> None:
        super().__init__(f"{free} {what} free where {needed} are needed")
        self.what = what
        self.free = free
        self.needed = needed

    def advice(self) -> str:
        return "Free space on the file system of the workspace, then run the same command again; it resumes."


class StorageFailed(PreservationError):
    """The operating system refused a write, a sync or a rename. The item is not acknowledged."""

    def __init__(self, operation: str, path: str, reason: str) -> None:
        super().__init__(f"{operation} failed on {path}: {reason}")
        self.operation = operation
        self.path = path
        self.reason = reason

    def advice(self) -> str:
        return "Check the disk. Nothing that was acknowledged is affected; run the same command again to resume."


class IntegrityError(CasefileError):
    """What is stored is not what was recorded. Never retried, never downgraded."""

    exit_code = 5

    def advice(self) -> str:
        return "Stop collecting into this workspace, keep it as it is, and run `casefile audit`."


class DigestMismatch(IntegrityError):
    """A file's bytes do not have the digest that was recorded for them."""

    def __init__(self, path: str, algorithm: str, expected: str, found: str) -> None:
        super().__init__(f"{path}: {algorithm} is {found}, recorded as {expected}")
        self.path = path
        self.algorithm = algorithm
        self.expected = expected
        self.found = found


class JournalShortened(IntegrityError):
    """The journal holds less than the database says was once synced to it."""

    def __init__(self, segment: str, expected: int, found: int) -> None:
        super().__init__(f"journal {segment} has {found} bytes, {expected} were synced")
        self.segment = segment
        self.expected = expected
        self.found = found


class DatabaseRestored(IntegrityError):
    """The journal holds events that the database lacks: an older database was put back."""

    def __init__(self, journal_events: int, database_events: int) -> None:
        super().__init__(f"the journal holds {journal_events} events, the database {database_events}")
        self.journal_events = journal_events
        self.database_events = database_events

    def advice(self) -> str:
        return "The journal is the record: run `casefile reindex` to rebuild the database from it."


class RecordUnreadable(IntegrityError):
    """A journal record, a part or a stored event cannot be read as what it should be."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class VaultConflict(IntegrityError):
    """The vault already holds other bytes under this name."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} already exists with other content")
        self.path = path


class WitnessStateLost(IntegrityError):
    """A witness's state is gone, damaged or an earlier one: it no longer knows what it cosigned."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem

    def advice(self) -> str:
        return (
            "Do not begin anew over it. Bring the newest state back; where that cannot be had, this witness is "
            "finished: begin another one with `casefile witness init` and tell the logs its key (docs/witness.md)."
        )


class HeadContradicted(IntegrityError):
    """A witness cosigned a head that this log does not continue: it was cut back, put back or written anew."""

    def __init__(self, witness: str, reason: str, evidence: str) -> None:
        super().__init__(f"{witness} cosigned a head that this log does not continue: {reason}")
        self.witness = witness
        self.reason = reason
        self.evidence = evidence

    def advice(self) -> str:
        return (
            f"Keep the workspace as it is. The witness's head is in {self.evidence}; "
            f"`casefile audit --head {self.evidence} --evidence FILE` writes what proves it to a third person."
        )


class WorkspaceUnusable(CasefileError):
    """The folder is not a workspace, or cannot be opened."""

    exit_code = 6

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem

    def advice(self) -> str:
        return "Create one with `casefile init DIR --title T --investigator NAME`, or name it with --workspace."


class FolderInUse(WorkspaceUnusable):
    """A new workspace needs a folder of its own."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "there is something here already")

    def advice(self) -> str:
        return "Name a folder that does not exist yet, or an empty one. Nothing was changed."


class KeyMissing(WorkspaceUnusable):
    """A private key is not where it is needed."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "the private key is not here")

    def advice(self) -> str:
        return (
            "A root key that is kept elsewhere is named with --root-key PATH. A lost log key is replaced by "
            "`casefile keys rotate`, which the root key signs; docs/custody.md has the drill."
        )


class KeyLocked(WorkspaceUnusable):
    """The passphrase does not open the key."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "the passphrase does not open this key")

    def advice(self) -> str:
        return "Try again. A lost passphrase is a lost key: `casefile person key NAME` states another in its place."


class WorkspaceBusy(WorkspaceUnusable):
    """Another process held the workspace for longer than the waiting time."""

    retryable = True

    def advice(self) -> str:
        return "Wait for the other command to end, then run this one again."
