"""Whether what came is what was asked for. Pure rules, each narrow, each with its reason in words.

A rule says `absent` only where the page itself says so and has little else to say; a weaker sign makes it
`doubtful`, which a person resolves. No rule says that anything was deleted: that is an inference and not observed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from casefile.vocabulary import Content
from collectors.locators import Locator

LITTLE_TEXT = 1_500
"""Characters of visible text up to which a page can be a notice. News items and posts with comments are longer."""
SCANT_TEXT = 400
NO_TEXT = 20

NOT_FOUND_TITLE = re.compile(
    r"^\W*(?:(?:error|http|erreur|fehler|ошибка|помилка|خطأ)?\W*(?:404|410)\b"
    r"|(?:page|file|content|site|video|post|article|profile|user) (?:was )?not found|not found\b|nothing found"
    r"|(?:sorry, )?(?:this |the )?(?:page|content|video|post) "
    r"(?:isn['\u2019]t|is not|is no longer|does not|doesn['\u2019]t) (?:available|exist|found|here|there)"
    r"|page introuvable|página no encontrada|pagina non trovata|página não encontrada|seite nicht gefunden"
    r"|страница не найдена|сторінку не знайдено|الصفحة غير موجودة|لم يتم العثور على الصفحة|صفحه پیدا نشد)",
    re.IGNORECASE,
)
NOT_FOUND_TAIL = re.compile(r"[-|\u2013\u2014:\u00b7]\s*(?:404|page not found|not found)\W*$", re.IGNORECASE)
UNAVAILABLE = re.compile(
    r"(?:page|content|video|post|tweet|account|profile|photo|listing|article) "
    r"(?:(?:that )?you(?:['\u2019]re| are) looking for )?"
    r"(?:(?:is|was|are) (?:no longer |not |un)(?:currently )?available|isn['\u2019]t available"
    r"|has been (?:removed|deleted|suspended)|(?:does not|doesn['\u2019]t) exist"
    r"|(?:could not|cannot|can['\u2019]t) be found|was not found|may have been (?:removed|moved))"
    r"|this (?:account|user) (?:is|has been) suspended",
    re.IGNORECASE,
)
CHALLENGE_TITLE = re.compile(
    r"^\W*(?:just a moment|attention required|ddos-guard|one moment, please|please wait|checking your browser"
    r"|verifying you are human|verify you are human|human verification|security check|bot verification|robot check"
    r"|are you a (?:human|robot)|access (?:to this page has been )?denied|pardon our interruption|captcha"
    r"|un momento|einen moment|один момент)",
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
CONSENT = re.compile(
    r"before you continue|we (?:value|care about|respect) your privacy|cookie (?:consent|settings|preferences)|"
    r"avant de continuer|bevor sie (?:fortfahren|zu .{1,40} weitergehen)|antes de (?:ir|continuar)|prima di continuare",
    re.IGNORECASE,
)
CONSENT_PLACE = re.compile(r"^(?:consent|cookie|privacy-mgmt|cmp)\.|/(?:cookie-?)?consent(?:/|$)", re.IGNORECASE)
LOGIN_TITLE = re.compile(
    r"\b(?:log ?in|sign ?in|log on|anmelden|einloggen|connexion|iniciar sesión|accedi|вход|войти|увійти)\b"
    r"|تسجيل الدخول",
    re.IGNORECASE,
)
LOGIN_PLACE = re.compile(
    r"/(?:log-?in|sign-?in|signup|accounts?/login|auth|authenticate|sso|oauth2?|session/new|checkpoint)(?:[/.]|$)"
    r"|^(?:login|signin|auth|accounts|sso)\.",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What the rules look at. Numbers count elements of a page; `text` is what a visitor would read.

    `asked` is the locator of the lead, `final` the one that answered after all redirects.
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
    for rule in (_challenge, _consent, _login_wall, _not_found, _unavailable, _not_as_declared, _front_page, _hollow):
        finding = rule(signs)
        if finding is not None:
            return finding
    return PRESENT


def _challenge(signs: Signs) -> ContentFinding | None:
    marked = any(known in mark for mark in signs.marks for known in CHALLENGE_MARKS)
    titled = CHALLENGE_TITLE.search(signs.title) is not None
    if titled and len(signs.text) <= LITTLE_TEXT:
        return ContentFinding(Content.ABSENT, f"challenge: the title is {_quoted(signs.title)}")
    if marked and len(signs.text) <= SCANT_TEXT and not signs.media:
        return ContentFinding(Content.ABSENT, "challenge: a captcha and hardly any text")
    return None


def _consent(signs: Signs) -> ContentFinding | None:
    moved = signs.final.host != signs.asked.host or signs.final.path != signs.asked.path
    if moved and (CONSENT_PLACE.search(signs.final.host) or CONSENT_PLACE.search(signs.final.path)):
        return ContentFinding(Content.ABSENT, f"consent-page: redirected to {signs.final.host}")
    if len(signs.text) <= LITTLE_TEXT and CONSENT.search(signs.title):
        return ContentFinding(Content.ABSENT, f"consent-page: the title is {_quoted(signs.title)}")
    if len(signs.text) <= SCANT_TEXT and CONSENT.search(signs.text):
        return ContentFinding(Content.DOUBTFUL, "consent-page: hardly any text but a request for consent")
    return None


def _login_wall(signs: Signs) -> ContentFinding | None:
    if _is_login(signs.final) and (signs.password_fields or LOGIN_TITLE.search(signs.title)):
        return ContentFinding(Content.ABSENT, f"login-wall: a login page at {signs.final.host}{signs.final.path[:80]}")
    if not signs.password_fields or len(signs.text) > LITTLE_TEXT:
        return None
    if LOGIN_TITLE.search(signs.title):
        return ContentFinding(Content.ABSENT, f"login-wall: the title is {_quoted(signs.title)}")
    if len(signs.text) <= SCANT_TEXT and not signs.media:
        return ContentFinding(Content.DOUBTFUL, "login-wall: a password field and hardly any text")
    return None


def _not_found(signs: Signs) -> ContentFinding | None:
    if not (NOT_FOUND_TITLE.search(signs.title) or NOT_FOUND_TAIL.search(signs.title)):
        return None
    said = f"soft-404: status 200, but the title is {_quoted(signs.title)}"
    return ContentFinding(Content.ABSENT if len(signs.text) <= LITTLE_TEXT else Content.DOUBTFUL, said)


def _unavailable(signs: Signs) -> ContentFinding | None:
    if len(signs.text) > LITTLE_TEXT or signs.media:
        return None
    found = UNAVAILABLE.search(signs.text)
    if found is None:
        return None
    return ContentFinding(Content.DOUBTFUL, f"says-unavailable: the page says {_quoted(found.group())}")


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
    if len(signs.text) > NO_TEXT or signs.pictures or signs.media or signs.frames:
        return None
    if signs.scripts:
        return ContentFinding(Content.DOUBTFUL, "script-only: the page is drawn by scripts; a browser is needed")
    if not signs.text and not signs.title:
        return ContentFinding(Content.ABSENT, "empty: the page has no text, picture or title")
    return None


def _is_login(locator: Locator) -> bool:
    return bool(LOGIN_PLACE.search(locator.path) or LOGIN_PLACE.search(locator.host))


def _quoted(text: str) -> str:
    return f"\u201c{' '.join(text.split())[:120]}\u201d"
