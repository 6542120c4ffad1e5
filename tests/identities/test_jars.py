"""Jars: read strictly or not at all, narrowed to one platform, sent by the rules of RFC 6265 and no further."""

from __future__ import annotations

import http.cookiejar
import io
import json
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefile.errors import JarUnusable
from collectors.jars import MAX_COOKIES, MAX_JAR_BYTES, Cookie, cookie_header, netscape, read_jar, within
from collectors.locators import Locator, parse_locator
from collectors.ytdlp.extraction import STRICT

NOW = 1_800_000_000
HOSTS = ("example.org",)
GOOD = ".example.org\tTRUE\t/\tTRUE\t1900000000\tsid\tsecret-value-1"


def locator(text: str) -> Locator:
    found = parse_locator(text)
    assert isinstance(found, Locator)
    return found


def cookie(**fields: object) -> Cookie:
    usual = {"domain": "example.org", "subdomains": True, "path": "/", "secure": False, "name": "a", "value": "1"}
    return Cookie.model_validate({**usual, **fields})


def sent(one: Cookie, text: str, hosts: tuple[str, ...] = HOSTS) -> bool:
    return cookie_header((one,), hosts, locator(text), NOW) != ""


def test_a_cookies_txt_is_read_as_browsers_export_it() -> None:
    text = (
        f'# Netscape HTTP Cookie File\r\n\r\n{GOOD}\r\n#HttpOnly_example.org\tFALSE\t/a\tFALSE\t0\tcsrf\ta=b,c "d"\r\n'
    )
    jar = read_jar(text.encode(), HOSTS, NOW)
    first = cookie(secure=True, expires_s=1900000000, name="sid", value="secret-value-1")
    assert jar.cookies == (first, cookie(subdomains=False, path="/a", name="csrf", value='a=b,c "d"'))


def test_the_json_of_an_extension_is_read_the_same() -> None:
    entry = {
        "domain": ".example.org", "hostOnly": False, "path": "/", "secure": True, "httpOnly": True, "sameSite": "lax",
        "expirationDate": 1900000000.25, "name": "sid", "value": "secret-value-1", "storeId": "0",
    }  # fmt: skip
    for exported in ([entry], {"cookies": [entry]}):
        assert read_jar(json.dumps(exported).encode(), HOSTS, NOW) == read_jar(GOOD.encode(), HOSTS, NOW)


def test_what_expired_and_what_is_of_other_hosts_is_left_out_and_counted() -> None:
    lines = [
        GOOD,
        GOOD.replace("1900000000", "1700000000").replace("sid", "old"),
        GOOD.replace("example.org", "ad.test"),
    ]
    jar = read_jar("\n".join(lines).encode(), HOSTS, NOW)
    assert ([one.name for one in jar.cookies], jar.expired, jar.foreign) == (["sid"], 1, 1)
    with pytest.raises(JarUnusable, match=r"no cookie for example\.org that is still good"):
        read_jar("\n".join(lines[1:]).encode(), HOSTS, NOW)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no cookie"),
        (b"\x00\x01\x02SQLite format 3\x00", "not text"),
        (b"\xff\xfe\x00s", "not text"),
        (b"SQLite format 3\x00" + b"\x10\x00" * 50, "not text"),
        (b"x" * (MAX_JAR_BYTES + 1), "longer than"),
        (b"sid=secret-value-1; csrf=2", "line 1 has 1 columns"),
        (GOOD.encode() + b"\n" + GOOD.encode() + b"\tone-more", "line 2 has 8 columns"),
        (GOOD.replace("\tTRUE\t/", "\tperhaps\t/").encode(), "TRUE or FALSE"),
        (GOOD.replace("1900000000", "soon").encode(), "no time"),
        (GOOD.replace("1900000000", "-1").encode(), "no time"),
        (GOOD.replace("1900000000", "9" * 40).encode(), "no time"),
        (GOOD.replace("secret", "secr\x07et").encode(), "control character"),
        (GOOD.replace("secret", "secr\ret").encode(), "control character"),
        (GOOD.replace("secret", "secr\x7fet").encode(), "control character"),
        (GOOD.replace("secret", "secr;et").encode(), "no cookie may hold"),
        (GOOD.replace("secret", "secr\u2028et").encode(), "no cookie may hold"),
        (GOOD.replace("secret", "секрет").encode(), "no cookie may hold"),
        (GOOD.replace("sid", "s=d").encode(), "a name that cannot be one"),
        (GOOD.replace("\tsid\t", "\t\t").encode(), "a name that cannot be one"),
        (GOOD.replace(".example.org", "exam ple.org").encode(), "no host"),
        (GOOD.replace(".example.org", "..example.org").encode(), "no host"),
        (GOOD.replace("\t/\t", "\tno-path\t").encode(), "a path"),
        (GOOD.replace("secret", "s" * 9_000).encode(), "longer than"),
        (b"[{]", "is none"),
        (b"[" * 200_000, "is none"),
        (b'{"cookies": 1}', "not a list"),
        (b"[1]", "entry 1 is no cookie"),
        (b'[{"domain": "example.org", "name": "a"}]', "entry 1 lacks"),
        (b'[{"domain": "example.org", "name": "a", "value": "secret\\r\\nX: y"}]', "no cookie may hold"),
        (b'[{"domain": "example.org", "name": "a", "value": "v", "expirationDate": "soon"}]', "no time"),
        (b'[{"domain": "example.org", "name": "a", "value": "v", "expirationDate": NaN}]', "no time"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_place_and_never_quoted(content: bytes, said: str) -> None:
    with pytest.raises(JarUnusable) as refused:
        read_jar(content, HOSTS, NOW)
    assert said in str(refused.value)
    assert "secr" not in str(refused.value)


def test_too_many_cookies_are_refused() -> None:
    lines = "\n".join(GOOD.replace("sid", f"sid{number}") for number in range(MAX_COOKIES + 1))
    with pytest.raises(JarUnusable, match="more than"):
        read_jar(lines.encode(), HOSTS, NOW)


@given(st.binary(max_size=400) | st.text(alphabet='\t\n\r[]{}":,0aTRUEFALS./;=\x00', max_size=400).map(str.encode))
def test_any_bytes_give_a_jar_or_a_refusal(content: bytes) -> None:
    try:
        read_jar(content, HOSTS, NOW)
    except JarUnusable:
        return


def test_no_representation_of_a_cookie_shows_its_value() -> None:
    jar = read_jar(GOOD.encode(), HOSTS, NOW)
    assert "secret" not in f"{jar} {jar!r} {jar.cookies[0]!r}"


@pytest.mark.parametrize(
    ("host", "belongs"),
    [
        ("example.org", True),
        ("www.example.org", True),
        ("badexample.org", False),
        ("example.org.evil.test", False),
        ("org", False),
        ("1.127.0.0.1", False),
    ],
)
def test_a_platform_is_its_hosts_and_what_is_below_them(host: str, belongs: bool) -> None:
    assert within(host, ("example.org", "127.0.0.1")) is belongs


def test_a_cookie_goes_where_rfc_6265_says() -> None:
    assert sent(cookie(), "http://example.org/")
    assert sent(cookie(), "http://www.example.org/")
    assert not sent(cookie(subdomains=False), "http://www.example.org/")
    assert not sent(cookie(secure=True), "http://example.org/")
    assert sent(cookie(secure=True), "https://example.org/")
    assert sent(cookie(path="/a"), "http://example.org/a")
    assert sent(cookie(path="/a"), "http://example.org/a/b?c")
    assert not sent(cookie(path="/a"), "http://example.org/ab")
    assert sent(cookie(path="/a/"), "http://example.org/a/b")
    assert not sent(cookie(path="/a/"), "http://example.org/a")
    assert not sent(cookie(expires_s=NOW - 1), "http://example.org/")


def test_no_cookie_goes_to_a_host_that_is_not_of_the_platform() -> None:
    for text in ("http://other.test/", "http://badexample.org/", "http://example.org.other.test/"):
        assert not sent(cookie(), text)
    assert not sent(cookie(domain="other.test"), "http://other.test/"), "not even where the cookie is for it"


def test_longer_paths_come_first() -> None:
    cookies = (cookie(name="a"), cookie(name="b", path="/x"))
    assert cookie_header(cookies, HOSTS, locator("http://example.org/x/y"), NOW) == "b=1; a=1"


@pytest.mark.parametrize("text", ["http://example.org/x", "https://www.example.org/x", "http://other.test/x"])
def test_what_the_library_makes_of_our_cookies_txt_is_what_we_send(text: str, tmp_path) -> None:
    cookies = (
        cookie(value="one"),
        cookie(name="b", subdomains=False, value="two"),
        cookie(name="c", secure=True, value="three"),
        cookie(name="d", path="/x", value="four"),
    )
    path = tmp_path / "cookies.txt"
    path.write_text(netscape(cookies), "ascii")
    library = http.cookiejar.MozillaCookieJar(str(path), policy=STRICT)
    library.load(ignore_discard=True, ignore_expires=True)
    asked = urllib.request.Request(text)
    for one in library:
        one.expires = one.expires or None
    library.add_cookie_header(asked)
    ours = cookie_header(cookies, HOSTS, locator(text), NOW)
    assert set((asked.get_header("Cookie") or "").split("; ")) == set(ours.split("; "))
    assert io.StringIO(netscape(cookies)).readline() == "# Netscape HTTP Cookie File\n"
