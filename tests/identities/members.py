"""A site on loopback that shows its posts to whoever is logged in, and a log of who asked as whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from sites.hostile import HostileSite, Seen, Visit

SESSION = "S3ss10n-of-the-account-0123456789"
TOKEN = "t0ken%2Fwith%3Dsigns-abcdef"
HANDLE = "Zorvana.Telqadi"
CANARY_TEXT = "Log out, member"
ELSEWHERE = "localhost"
"""Another name of the same machine, and so another host."""


@dataclass
class Members:
    """`accepted` is the session that the site takes; `challenging` makes it answer with a challenge from then on."""

    site: HostileSite = field(default_factory=HostileSite)
    accepted: str = SESSION
    challenging: bool = False
    posts_until_expiry: int = 1_000_000

    def __post_init__(self) -> None:
        self.site.behaviours.update({"/me": self._me, "/post": self._post, "/away": self._away, "/open": self._open})

    def url(self, path: str, host: str = "") -> str:
        return self.site.url(path, host=host)

    def asked(self, path: str = "") -> list[Seen]:
        """The requests that came for paths beginning so."""
        return [one for one in self.site.requests if one.target.startswith(path)]

    def logged_in(self, visit: Visit) -> bool:
        return f"sid={self.accepted}" in visit.seen.headers.get("cookie", "")

    def _me(self, visit: Visit) -> None:
        if self.challenging:
            visit.respond("<title>Just a moment...</title>", status="403 Forbidden", cf_mitigated="challenge")
        elif self.logged_in(visit):
            visit.respond(f"<title>Settings</title><p>{CANARY_TEXT} {HANDLE}</p>")
        else:
            visit.respond("<title>Log in</title><form action=/login><input type=password></form>")

    def _post(self, visit: Visit) -> None:
        self.posts_until_expiry -= 1
        if self.posts_until_expiry < 0:
            self.accepted = "another"
        if self.challenging:
            visit.respond("<title>Just a moment...</title>")
        elif self.logged_in(visit):
            visit.respond(f"<title>A post</title><p>{'words of a post ' * 20}{visit.seen.target}</p>")
        else:
            visit.respond("<title>Log in</title><form action=/login><input type=password></form>")

    def _away(self, visit: Visit) -> None:
        visit.respond("", status="302 Found", location=self.url("/open/landing", host=ELSEWHERE))

    def _open(self, visit: Visit) -> None:
        visit.respond(f"<title>Open</title><p>{'words for everybody ' * 20}</p>", set_cookie="seen=once; Path=/")
