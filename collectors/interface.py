"""The seam between a lead and the worker that captures it.

A capture method is a `MethodSpec` in a light module and a worker module with one function,
`work(request, inputs, out) -> Received`, that runs in containment. It writes only below `out`, answers with values
and lets no error pass that it can put a cause to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from casefile.model import Value
from collectors.jars import Cookie
from collectors.posts.endpoints import Endpoints


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """What a capture method says of itself.

    `schemes` are the locator schemes it takes; `claims` matches locators that it takes before any other method
    (empty: none); `priority` decides between methods that both can, the larger first; `needs` are programs that must
    be on the machine; `module` is imported in the worker only. A method that `records_itself` keeps every byte that
    passes in a WARC of its own; of others the broker may keep one. One that `acts_for_scripts` asks what a page's own
    scripts would ask, and may use their methods where the policy lets it; every other asks by GET and HEAD only. Of one
    that is `always_recorded` the broker keeps what passes, whatever the settings say. `own_calls` are hosts that its
    program asks for its maker: they are refused. `processes` is how many may run, threads included. One that is
    `anonymous` goes nowhere as anybody: no identity is lent to it, and none is judged by what it meets.
    """

    name: str
    version: str
    summary: str
    module: str
    schemes: tuple[str, ...]
    priority: int
    touches_network: bool
    claims: re.Pattern[str] | None = None
    needs: tuple[str, ...] = ()
    records_itself: bool = False
    acts_for_scripts: bool = False
    always_recorded: bool = False
    anonymous: bool = False
    own_calls: tuple[str, ...] = ()
    processes: int = 256
    options: dict[str, str] = field(default_factory=dict)


class CaptureLimits(Value):
    """Bounds of one capture; bytes and seconds. See `capture.*` in the settings for what each one is for."""

    max_bytes: int
    max_decoded_bytes: int
    deadline_s: int
    connect_timeout_s: int
    minimum_rate_bytes_s: int
    minimum_rate_window_s: int
    max_redirects: int


class CaptureRequest(Value):
    """What the parent asks of a worker. `proxy` is the egress broker as the worker reaches it: http://host:port.

    `cookies` are those of a virtual identity, for `hosts`, its platform's, and for no other host. A worker SHALL keep
    their values out of whatever it leaves and answers (`collectors.withheld`).
    `methods` are those that its requests may have, `post_endpoints` what may be asked beside the page of a post.
    `time_zone` (of the IANA database) and `viewport` (as 1280x800) are for methods that show them; empty stands for UTC
    and for a size of the method's own. `account` are names by which the identity would be known on a page. `mhtml` and
    `consent` are of the method `browser`: a page in one file besides, and one click that answers a request for consent.
    `driven_s` is for how many seconds a person may drive the page, where one does.
    """

    locator: str
    limits: CaptureLimits
    user_agent: str
    accept_language: str
    proxy: str = ""
    comments: bool = False
    cookies: tuple[Cookie, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET", "HEAD")
    post_endpoints: Endpoints = Endpoints.OFF
    time_zone: str = ""
    viewport: str = ""
    account: tuple[str, ...] = ()
    mhtml: bool = False
    consent: bool = False
    driven_s: int = 0
