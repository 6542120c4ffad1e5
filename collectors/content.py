"""Whether what came is what was asked for. Pure rules, each narrow, each with its reason in words.

A rule says `absent` only where the page itself says so and has little else to say; a weaker sign makes it
`doubtful`, which a person resolves. No rule says that anything was deleted: that is an inference and not observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from casefile.model import readable
from casefile.vocabulary import Content
from collectors.content_phrases import catalogue, comparable, weight
from collectors.locators import Locator
from collectors.page import TEXT_CHARACTERS, Page

LITTLE_TEXT = 1_500
"""Characters of visible text up to which a page can be a notice. News items and posts with comments are longer."""
SCANT_TEXT = 400
NO_TEXT = 20
MOST = 0.4
"""Of a part of a title: "This page isn't available" is one, "Missing page not found in the minister's diary" is not."""
PARTS = re.compile(r"\s[-|\u2013\u2014\u2022\u00b7]\s|[|:\u00b7\u2022]")
BEFORE_WORDS = " \"'([{-!:|\u00a1\u00ab\u00bb\u00b7\u00bf\u2013\u2014\u201c\u201d\u201e\u2022"

NOT_FOUND_NUMBER = re.compile(
    r"^\W*(?:(?:error|http|erreur|fehler|ошибка|помилка|خطأ)?\W*(?:404|410)\b)", re.IGNORECASE
)
NOT_FOUND_TAIL = re.compile(r"[-|\u2013\u2014:\u00b7]\s*(?:404|page not found|not found)\W*$", re.IGNORECASE)
UNAVAILABLE = re.compile(
    r"(?:page|content|video|post|tweet|account|profile|photo|listing|article) "
    r"(?:(?:that )?you(?:['\u2019]re| are) looking for )?"
    r"(?:(?:is|was|are) (?:no longer |not |un)(?:currently )?available|isn['\u2019]t available"
    r"|(?:does not|doesn['\u2019]t) exist"
    r"|(?:could not|cannot|can['\u2019]t) be found|was not found|may have been (?:removed|moved))",
    re.IGNORECASE,
)
CHALLENGE_MARKS = (
    "/cdn-cgi/challenge-platform/",
    "challenges.cloudflare.com",
    "cf-challenge",
    "cf-turnstile",
    "g-recaptcha",
    "google.com/recaptcha",
    "recaptcha.net/",
    "h-captcha",
    "hcaptcha.com/",
    "captcha-delivery.com",
    "ddos-guard",
    "px-captcha",
    "smartcaptcha",
    "arkoselabs.com",
)
CONSENT_PLACE = re.compile(r"^(?:consent|cookie|privacy-mgmt|cmp)\.|/(?:cookie-?)?consent(?:/|$)", re.IGNORECASE)
LOGIN_TITLE = re.compile(
    r"\b(?:log ?in|sign ?in|log on|anmelden|einloggen|connexion|se connecter|identification|iniciar sesión|acceso"
    r"|accedi|вход|войти|авторизация|вхід|увійти|авторизація|giriş)\b"
    r"|تسجيل الدخول|ورود به|ဝင်ရောက်ရန်|အကောင့်ဝင်|လော့ဂ်အင်|登录|登入",
    re.IGNORECASE,
)
BROWSER_ERROR_MARKS = ("main-frame-error", "neterror", "net-error-body")
"""Ids and classes of the pages that Chromium and Firefox draw themselves when a site does not answer."""
BROWSER_ERROR = re.compile(r"\b(?:ERR_[A-Z_]{4,60}|NS_ERROR_[A-Z_]{4,60}|DNS_PROBE_[A-Z_]{4,60})\b")
LOGIN_PLACE = re.compile(
    r"/(?:log-?in|sign-?in|signup|accounts?/login|auth|authenticate|sso|oauth2?|session/new|checkpoint)(?:[/.]|$)"
    r"|^(?:login|signin|auth|accounts|sso)\.",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What the rules look at. Numbers count elements of a page; `text` is what a visitor would read.

    `asked` is the locator of the lead, `final` the one that answered after all redirects. `published`: the page states
    when it was published, as pages with content do.
    """

    asked: Locator
    final: Locator
    decoded_bytes: int
    media_type: str
    declared_media_type: str = ""
    title: str = ""
    text: str = ""
    password_fields: int = 0
    pictures: int = 0
    media: int = 0
    scripts: int = 0
    frames: int = 0
    marks: frozenset[str] = frozenset()
    challenged: bool = False
    heading: str = ""
    published: bool = False

    @property
    def weight(self) -> int:
        """How much the text says; of a long one its length, which is as good as more."""
        return len(self.text) if len(self.text) > LITTLE_TEXT else weight(self.text)


def signs_of(  # noqa: PLR0913
    asked: Locator,
    final: Locator,
    page: Page,
    *,
    decoded_bytes: int,
    media_type: str = "text/html",
    declared_media_type: str = "",
    challenged: bool = False,
) -> Signs:
    """The signs of a page: of its bytes as they came, or of what a browser drew (`read_page` with `scripts_ran`)."""
    return Signs(
        asked=asked,
        final=final,
        decoded_bytes=decoded_bytes,
        media_type=media_type,
        declared_media_type=declared_media_type,
        title=readable(page.title),
        text=readable(page.text, TEXT_CHARACTERS),
        password_fields=page.password_fields,
        pictures=page.pictures,
        media=page.media,
        scripts=page.scripts,
        frames=page.frames,
        marks=page.marks,
        challenged=challenged,
        heading=readable(page.heading),
        published=bool(page.claimed_time),
    )


@dataclass(frozen=True, slots=True)
class ContentFinding:
    """What a rule found. `reason` begins with the rule's name."""

    content: Content
    reason: str


PRESENT = ContentFinding(Content.PRESENT, "")


def judge_content(signs: Signs) -> ContentFinding:
    """The first rule that applies, the surest first; `present` when none does."""
    if signs.decoded_bytes == 0:
        return ContentFinding(Content.ABSENT, "empty: the body has no bytes")
    if signs.challenged:
        return ContentFinding(Content.ABSENT, "challenge: the server says that it challenged us")
    if signs.media_type not in ("text/html", "application/xhtml+xml"):
        return PRESENT
    for rule in RULES:
        finding = rule(signs)
        if finding is not None:
            return finding
    return PRESENT


def _browser_error(signs: Signs) -> ContentFinding | None:
    marked = any(known in mark for mark in signs.marks for known in BROWSER_ERROR_MARKS)
    code = BROWSER_ERROR.search(signs.text) if marked and len(signs.text) <= LITTLE_TEXT else None
    if code is None:
        return None
    return ContentFinding(Content.ABSENT, f"browser-error: the browser's own page, {code.group()}")


def _challenge(signs: Signs) -> ContentFinding | None:
    marked = any(known in mark for mark in signs.marks for known in CHALLENGE_MARKS)
    if signs.weight <= LITTLE_TEXT and (where := _at_the_top("challenge", signs, begins=not marked)):
        return ContentFinding(Content.ABSENT, f"challenge: {where}")
    if marked and signs.weight <= SCANT_TEXT and not signs.media:
        return ContentFinding(Content.ABSENT, "challenge: a captcha and hardly any text")
    return None


def _consent(signs: Signs) -> ContentFinding | None:
    moved = signs.final.host != signs.asked.host or signs.final.path != signs.asked.path
    if moved and (CONSENT_PLACE.search(signs.final.host) or CONSENT_PLACE.search(signs.final.path)):
        return ContentFinding(Content.ABSENT, f"consent-page: redirected to {signs.final.host}")
    if signs.weight > LITTLE_TEXT:
        return None
    if where := _at_the_top("consent-page", signs):
        return ContentFinding(Content.ABSENT, f"consent-page: {where}")
    if signs.weight <= SCANT_TEXT and not signs.pictures and (said := _in_text("consent-page", signs)):
        return ContentFinding(Content.DOUBTFUL, f"consent-page: hardly any text but {said}")
    return None


def _login_wall(signs: Signs) -> ContentFinding | None:
    if _is_login(signs.final) and (signs.password_fields or LOGIN_TITLE.search(signs.title)):
        return ContentFinding(Content.ABSENT, f"login-wall: a login page at {signs.final.host}{signs.final.path[:80]}")
    if signs.weight > LITTLE_TEXT:
        return None
    where = _at_the_top("login-wall", signs)
    if where and not signs.media and not signs.published:
        return ContentFinding(Content.ABSENT, f"login-wall: {where}")
    if not signs.password_fields:
        return _said("login-wall", signs)
    if LOGIN_TITLE.search(signs.title) or LOGIN_TITLE.search(signs.heading):
        return ContentFinding(Content.ABSENT, f"login-wall: the title is {_quoted(signs.title)}")
    if signs.weight <= SCANT_TEXT and not signs.media:
        return ContentFinding(Content.DOUBTFUL, "login-wall: a password field and hardly any text")
    return None


def _not_found(signs: Signs) -> ContentFinding | None:
    little = signs.weight <= LITTLE_TEXT
    where = _at_the_top("soft-404", signs) if not signs.published else ""
    if NOT_FOUND_NUMBER.search(signs.title) or NOT_FOUND_TAIL.search(signs.title):
        where = f"the title is {_quoted(signs.title)}"
    if not where or (not little and not where.startswith("the title")):
        return None
    return ContentFinding(Content.ABSENT if little else Content.DOUBTFUL, f"soft-404: status 200, but {where}")


def _notice(kind: str) -> Rule:
    """A rule for a kind of page that says in words of the catalogue what it is."""

    def rule(signs: Signs) -> ContentFinding | None:
        if signs.weight > LITTLE_TEXT or signs.media or signs.published:
            return None
        if where := _at_the_top(kind, signs):
            return ContentFinding(Content.ABSENT, f"{kind}: {where}")
        return _said(kind, signs)

    return rule


def _unavailable(signs: Signs) -> ContentFinding | None:
    if signs.weight > LITTLE_TEXT or signs.media or signs.published:
        return None
    if found := UNAVAILABLE.search(signs.text):
        return ContentFinding(Content.DOUBTFUL, f"says-unavailable: the page says {_quoted(found.group())}")
    if where := _at_the_top("says-unavailable", signs):
        return ContentFinding(Content.DOUBTFUL, f"says-unavailable: {where}")
    return _said("says-unavailable", signs)


def _said(kind: str, signs: Signs) -> ContentFinding | None:
    """Doubt, where a page with hardly any text says in it what kind it is: short news and talk say such things too."""
    if signs.weight > SCANT_TEXT or signs.media or signs.published or not (said := _in_text(kind, signs)):
        return None
    return ContentFinding(Content.DOUBTFUL, f"{kind}: {said}")


def _at_the_top(kind: str, signs: Signs, *, begins: bool = False) -> str:
    """Where title or first heading say what kind of page this is, in words.

    What says it has to be most of the title or of a part of it, for titles of news say such things too; with `begins`
    the title has to begin with it.
    """
    top = catalogue()[kind].top
    for name, written in (("title", signs.title), ("heading", signs.heading)):
        compared = comparable(written)
        if begins:
            found = top.match(compared.lstrip(BEFORE_WORDS)) is not None
        else:
            found = any(_is_most(top, part) for part in PARTS.split(compared))
        if found:
            return f"the {name} is {_quoted(written)}"
    return ""


def _is_most(top: re.Pattern[str], part: str) -> bool:
    found = top.search(part)
    return found is not None and len(found.group()) >= MOST * len(part)


def _in_text(kind: str, signs: Signs) -> str:
    anywhere = catalogue()[kind].anywhere
    found = anywhere.search(comparable(signs.text)) if anywhere is not None else None
    return f"the page says {_quoted(found.group())}" if found else ""


def _not_as_declared(signs: Signs) -> ContentFinding | None:
    if signs.declared_media_type.partition("/")[0] in ("image", "video", "audio"):
        said = f"not-as-declared: a page that was declared as {signs.declared_media_type}"
        return ContentFinding(Content.DOUBTFUL, said)
    return None


def _front_page(signs: Signs) -> ContentFinding | None:
    deep = signs.asked.path.strip("/").count("/") >= 1 or "?" in signs.asked.target
    same = signs.asked.host.removeprefix("www.") == signs.final.host.removeprefix("www.")
    if deep and same and signs.final.target == "/":
        return ContentFinding(Content.DOUBTFUL, "front-page: redirected to the site's front page")
    return None


def _hollow(signs: Signs) -> ContentFinding | None:
    if signs.pictures or signs.media or signs.frames:
        return None
    if signs.scripts and signs.weight <= SCANT_TEXT and _in_text("script-only", signs):
        return ContentFinding(Content.DOUBTFUL, "script-only: the page asks for scripts; a browser is needed")
    if len(signs.text) > NO_TEXT:
        return None
    if signs.scripts:
        return ContentFinding(Content.DOUBTFUL, "script-only: the page is drawn by scripts; a browser is needed")
    if not signs.text and not signs.title:
        return ContentFinding(Content.ABSENT, "empty: the page has no text, picture or title")
    return None


Rule: TypeAlias = Callable[[Signs], ContentFinding | None]
RULES: Sequence[Rule] = (
    _browser_error,
    _challenge,
    _consent,
    _login_wall,
    _notice("region-block"),
    _not_found,
    _notice("removal-notice"),
    _notice("went-wrong"),
    _unavailable,
    _not_as_declared,
    _front_page,
    _hollow,
)


def _is_login(locator: Locator) -> bool:
    return bool(LOGIN_PLACE.search(locator.path) or LOGIN_PLACE.search(locator.host))


def _quoted(text: str) -> str:
    return f"\u201c{' '.join(text.split())[:120]}\u201d"
