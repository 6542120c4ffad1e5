"""What comes after an attempt: a method that brings what it left behind, or one that takes its place."""

from __future__ import annotations

from casefile.model import Received
from casefile.vocabulary import Content, Role
from pipelines.page_methods import SENT, SHOWN
from pipelines.services import Services


def may_follow(services: Services, method: str) -> bool:
    """Whether captures are followed at all, and by that method."""
    return services.settings.capture.follow_media and method in {spec.name for spec in services.methods}


def follower(services: Services, received: Received, of: str, pages: str) -> str:
    """The method that is to follow the one `of` that name; empty where nothing is left, or there is no such method.

    `pages` is the method for pages where no person named any: what looked like a file or a feed by its address, and
    turns out to be a page, is taken by that too, which finds the media in it.
    """
    first = received.items[0]
    is_page = of == SENT and first.role is Role.PAGE and first.content is Content.PRESENT
    wished = pages if is_page and pages == SHOWN else received.suggests
    return wished if wished != of and may_follow(services, wished) else ""


def stand_in(services: Services, received: Received, of: str) -> str:
    """The method that is to take the place of the one `of` that name, which kept nothing; empty where none is to."""
    known = {spec.name for spec in services.methods} - {of}
    return received.suggests if received.suggests in known else ""


def sent_instead(services: Services, of: str) -> str:
    """The method that is to take the place of a browser that kept nothing, since its worker was lost."""
    return SENT if of == SHOWN and SENT in {spec.name for spec in services.methods} else ""
