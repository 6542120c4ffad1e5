"""What a browser says of itself besides its user agent, so that a site is not told of two browsers. Pure."""

from __future__ import annotations

import re
from typing import Any

CHROME = re.compile(r"Chrome/([0-9]{1,4})(?:\.([0-9.]{1,20}))?")
PLATFORMS = (("Windows", "Windows"), ("Macintosh", "macOS"), ("Android", "Android"), ("CrOS", "Chrome OS"))


def metadata_of(user_agent: str) -> dict[str, Any]:
    """What `navigator.userAgentData` and the Sec-CH-UA headers say; empty for a browser that sends none."""
    found = CHROME.search(user_agent)
    if found is None:
        return {}
    major = found.group(1)
    names = ("Google Chrome", "Chromium", "Not?A_Brand")
    versions = {name: "99" if name.startswith("Not") else major for name in names}
    full = f"{major}.{found.group(2) or '0.0.0'}"
    return {
        "brands": [{"brand": name, "version": version} for name, version in versions.items()],
        "fullVersionList": [
            {"brand": name, "version": "99.0.0.0" if name.startswith("Not") else full} for name in names
        ],
        "platform": next((shown for sign, shown in PLATFORMS if sign in user_agent), "Linux"),
        "platformVersion": "",
        "architecture": "x86",
        "model": "",
        "mobile": "Mobile" in user_agent,
    }


def languages(accept_language: str) -> str:
    """The languages of an Accept-Language header, in order. The weights are the browser's own."""
    return ",".join(one.partition(";")[0].strip() for one in accept_language.split(",") if one.strip()) or "en"
