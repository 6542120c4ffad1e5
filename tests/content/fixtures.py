"""Pages for the content-present check, made of the tables beside: as sites dress such texts up."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
ARTICLE_CHARACTERS = 2_400
NAVIGATION = {
    "en": ("Home", "Explore", "Help", "Terms", "Privacy", "Cookies", "About"),
    "ar": ("الرئيسية", "استكشاف", "مساعدة", "الشروط", "الخصوصية", "حول"),
    "fa": ("خانه", "کاوش", "راهنما", "شرایط", "حریم خصوصی", "درباره"),
    "my": ("ပင်မ", "ရှာဖွေရန်", "အကူအညီ", "စည်းကမ်းချက်များ", "ကိုယ်ရေးအချက်အလက်"),
    "ru": ("Главная", "Обзор", "Помощь", "Условия", "Конфиденциальность", "О нас"),
    "uk": ("Головна", "Огляд", "Довідка", "Умови", "Конфіденційність", "Про нас"),
    "fr": ("Accueil", "Explorer", "Aide", "Conditions", "Confidentialité", "À propos"),
    "es": ("Inicio", "Explorar", "Ayuda", "Condiciones", "Privacidad", "Acerca de"),
    "zh": ("首页", "发现", "帮助", "条款", "隐私", "关于"),
    "de": ("Start", "Entdecken", "Hilfe", "Nutzungsbedingungen", "Datenschutz", "Über uns"),
    "tr": ("Ana sayfa", "Keşfet", "Yardım", "Koşullar", "Gizlilik", "Hakkında"),
}
HARD = frozenset({"short news", "definition", "forum", "policy"})
BANNER = (
    '<div id="cookie-banner"><p>We use cookies. Accept all. Reject all.</p></div><a href="/login">Log in</a>'
    '<img src="/p/1.jpg" alt="">'
)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A page, what it is (`present` for what was asked for), in which language, and in which set."""

    kind: str
    language: str
    set: str
    html: bytes
    about: str = ""

    @property
    def name(self) -> str:
        return f"{self.set}-{self.kind}-{self.about}-{self.language}".replace(" ", "_")


def fixtures() -> Iterator[Fixture]:
    """Every page of both tables."""
    for one in tomllib.loads((HERE / "pages.toml").read_text("utf-8"))["page"]:
        for language, words in one["words"].items():
            yield Fixture(one["kind"], language, one["set"], _notice(one["kind"], language, *words))
    for one in tomllib.loads((HERE / "articles.toml").read_text("utf-8"))["article"]:
        kept = "hard" if one["about"] in HARD else "negative"
        for language, (title, text) in one["words"].items():
            yield Fixture("present", language, kept, _article(one, language, title, text), one["about"])


def _page(language: str, title: str, head: str, body: str) -> bytes:
    direction = ' dir="rtl"' if language in ("ar", "fa") else ""
    return (
        f'<!doctype html><html lang="{language}"{direction}><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'{head}<script src="/app.js"></script></head><body>{body}</body></html>'
    ).encode()


def _navigation(language: str) -> str:
    links = "".join(f'<a href="/{place}">{word}</a> ' for place, word in enumerate(NAVIGATION[language]))
    return f"<nav>{links}</nav>"


def _notice(kind: str, language: str, title: str, heading: str, text: str) -> bytes:
    if kind == "script-only":
        body = f'<noscript>{text}</noscript><div id="root"></div>'
        return _page(language, title, "", body)
    form = ""
    if kind == "login-wall":
        form = '<form action="/session"><input name="user"><input type="password" name="pass"></form>'
    if kind == "challenge":
        form = '<div class="cf-turnstile"></div><script src="/cdn-cgi/challenge-platform/h/b/x.js"></script>'
    bare = kind in ("challenge", "consent-page")
    around = "" if bare else _navigation(language)
    body = f"{around}<main><h1>{escape(heading)}</h1><p>{escape(text)}</p>{form}</main>"
    return _page(language, title, "", body + ("" if bare else f"<footer>{_navigation(language)}</footer>"))


def _article(one: dict[str, object], language: str, title: str, text: str) -> bytes:
    head = ""
    if one.get("published"):
        head = (
            '<meta property="og:type" content="article"><meta name="author" content="A. Writer">'
            '<meta property="article:published_time" content="2024-05-06T07:08:09+03:00">'
        )
    if one.get("long"):
        text = " ".join([text] * (1 + ARTICLE_CHARACTERS // len(text)))
    body = f"{_navigation(language)}{BANNER if one.get('banner') else ''}<h1>{escape(title)}</h1><p>{escape(text)}</p>"
    return _page(language, title, head, body)
