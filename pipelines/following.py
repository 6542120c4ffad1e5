"""What comes after an attempt: a method that brings what it left behind, or one that takes its place."""

from __future__ import annotations

from casefile.model import Received
from pipelines.services import Services


def may_follow(services: Services, method: str) -> bool:
    """Whether captures are followed at all, and by that method."""
    return services.settings.capture.follow_media and method in {spec.name for spec in services.methods}


def follower(services: Services, received: Received, of: str) -> str:
    """The method that is to follow the one `of` that name; empty where nothing is left, or there is no such method."""
    return received.suggests if received.suggests != of and may_follow(services, received.suggests) else ""


def stand_in(services: Services, received: Received, of: str) -> str:
    """The method that is to take the place of the one `of` that name, which kept nothing; empty where none is to."""
    known = {spec.name for spec in services.methods} - {of}
    return received.suggests if received.suggests in known else ""
