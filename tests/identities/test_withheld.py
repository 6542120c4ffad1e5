"""What of a request is kept: as long as it was, without the values of cookies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectors.jars import Cookie
from collectors.withheld import secrets_of, withhold, withhold_all, withhold_bytes, withhold_headers

SESSION = "S3ss10n-0123456789"
COOKIES = tuple(
    Cookie(domain="a.test", subdomains=False, path="/", secure=False, name=name, value=value)
    for name, value in (("sid", SESSION), ("lang", "en"), ("csrf", "a%2Fb%3Dcdefgh"))
)
SECRETS = secrets_of(COOKIES)


def test_short_values_are_no_secrets_and_long_ones_are_in_every_spelling() -> None:
    assert "en" not in SECRETS
    assert {SESSION, "a%2Fb%3Dcdefgh", "a/b=cdefgh", "a%252Fb%253Dcdefgh"} <= set(SECRETS)


def test_a_request_keeps_its_length_and_the_names_of_its_cookies() -> None:
    sent = (
        f"GET /x?t=a/b=cdefgh HTTP/1.1\r\nHost: a.test\r\ncOOkie: sid={SESSION}; lang=en; other=set-by-site\r\n"
        f"X-Csrf: a%2Fb%3Dcdefgh\r\nAccept: */*\r\n\r\nbody {SESSION}"
    ).encode()
    kept = withhold_bytes(sent, SECRETS)
    assert len(kept) == len(sent)
    assert b"cOOkie: sid=******************; lang=**; other=***********\r\n" in kept
    assert not any(secret.encode() in kept for secret in SECRETS)
    assert b"Host: a.test\r\n" in kept
    assert kept.endswith(b"\r\n\r\nbody ******************")


def test_headers_and_values_are_kept_without_secrets() -> None:
    assert withhold_headers([("Cookie", "lang=en"), ("X", f"Bearer {SESSION}")], SECRETS) == [
        ("Cookie", "lang=**"),
        ("X", "Bearer ******************"),
    ]
    assert withhold_all({"a": [f"x{SESSION}", 1, None, {SESSION: True}]}, SECRETS) == {
        "a": ["x" + "*" * len(SESSION), 1, None, {"*" * len(SESSION): True}]
    }


@given(st.text(), st.text())
def test_nothing_is_left_of_a_secret_and_the_length_stays(before: str, after: str) -> None:
    text = before + SESSION + after
    assert len(withhold(text, SECRETS)) == len(text)
    assert SESSION not in withhold(text, SECRETS)
