"""Why what people fill in, name or change is not recorded. Nothing of it is recorded then; each is a UsageError."""

from __future__ import annotations

from casefile.errors import UsageError


class UnknownRecord(UsageError):
    """No inquiry, lead, search or statement has that id or number."""

    def __init__(self, kind: str, text: str, listing: str) -> None:
        super().__init__(f"no {kind} is known as {text!r}")
        self.kind = kind
        self.text = text
        self.listing = listing

    def advice(self) -> str:
        return f"List what there is with `casefile {self.listing}`."


class FieldRefused(UsageError):
    """Something that a person filled in cannot be recorded: each field with the rule that it breaks."""

    def __init__(self, sheet: str, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(f"{sheet}: " + "; ".join(f"{field}: {rule}" for field, rule in problems))
        self.sheet = sheet
        self.problems = problems

    def advice(self) -> str:
        return "Nothing was recorded. Correct what is named and give all of it again."


class VersionOutdated(UsageError):
    """What was given is based on a version that is not the newest: recording it would undo somebody's work."""

    def __init__(self, what: str, based_on: int, newest: int) -> None:
        given = f"version {based_on}" if based_on else "no version"
        super().__init__(f"{what}: this is based on {given}, and the newest is version {newest}")
        self.what = what
        self.based_on = based_on
        self.newest = newest

    def advice(self) -> str:
        return "Nothing was recorded. Look at the newest version, carry over what is yours, and name that version."
