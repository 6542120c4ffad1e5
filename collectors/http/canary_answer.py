"""What the worker that looks at a canary is asked, and what it answers. Light."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from casefile.model import Value
from casefile.vocabulary import Cause
from collectors.interface import CaptureRequest


class Session(StrEnum):
    """What a canary shows of a session. `unanswered`: nothing came that would tell."""

    GOOD = "good"
    EXPIRED = "session-expired"
    CHALLENGED = "challenge"
    UNANSWERED = "unanswered"


class CanaryRequest(Value):
    """The page to ask for and the text that it shows to whoever is logged in."""

    capture: CaptureRequest
    text: str = Field(repr=False)
    proxy: str = ""


class CanaryAnswer(Value):
    """How the session stands, and why that is thought. `cause` is why nothing came, of an unanswered one."""

    session: Session
    cause: Cause | None = None
    detail: str = ""
