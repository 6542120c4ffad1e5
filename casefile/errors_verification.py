"""What can go wrong where people record verification: both are requests that cannot be carried out as they stand."""

from __future__ import annotations

from casefile.errors import IntegrityError, UsageError


class StatementChanged(UsageError):
    """Somebody else recorded something meanwhile that this was not told of; nothing was recorded."""

    def __init__(self, what: str, change: str) -> None:
        super().__init__(f"{what} {change}")
        self.what = what
        self.change = change

    def advice(self) -> str:
        return "Nothing was recorded. Look at what is there now, and decide again."


class UnknownStatement(UsageError):
    """No step, claim or conclusion that this person may see has that id or number."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"no {kind} is known as {text!r}")
        self.kind = kind
        self.text = text

    def advice(self) -> str:
        return "`casefile step list ITEM` and `casefile conclude list` give the ids."


class CarriedUnsound(IntegrityError):
    """A packet for a review, or the answer to one, is not what was made: damaged, changed, or of somebody else."""

    def advice(self) -> str:
        return "Nothing was recorded. Ask for the file again, by another way if need be, and keep this one."
