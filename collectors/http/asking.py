"""The worker that puts one question to a service of ours, such as a witness: one request, one bounded answer.

It goes out through the broker like everything else. No redirect is followed, nothing is kept, no cookie is sent.
"""

from __future__ import annotations

import base64
import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from casefile.canonical import Json
from collectors.http.wire import trusted_roots

HEADER_CHARACTERS = 200


def work(request: Mapping[str, Any], inputs: Path, out: Path) -> dict[str, Json]:
    """Send `method`, `url`, `content` (base64) and `media_type`; answer with what came, or the failure."""
    del inputs, out
    try:
        return _asked(request)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return {"failed": str(error) or type(error).__name__}


def _asked(request: Mapping[str, Any]) -> dict[str, Json]:
    url, proxy = urlsplit(request["url"]), urlsplit(request["proxy"])
    if url.scheme not in ("http", "https") or not url.hostname or not proxy.hostname:
        raise ValueError("not an address of http or https")
    timeout_s = int(request["timeout_s"])
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        context = trusted_roots()
        connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=timeout_s, context=context)
    else:
        connection = http.client.HTTPConnection(proxy.hostname, proxy.port, timeout=timeout_s)
    connection.set_tunnel(url.hostname, url.port or (443 if url.scheme == "https" else 80))
    # Nothing that would tell who asks, or with what.
    headers = {"Accept-Encoding": "identity", "Connection": "close"}
    if request["media_type"]:
        headers["Content-Type"] = request["media_type"]
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.request(request["method"], target, base64.b64decode(request["content"]) or None, headers)
        answer = connection.getresponse()
        content = answer.read(int(request["max_bytes"]) + 1)
    finally:
        connection.close()
    if len(content) > int(request["max_bytes"]):
        raise ValueError("the answer is longer than it may be")
    return {
        "status": answer.status,
        "media_type": (answer.getheader("Content-Type") or "")[:HEADER_CHARACTERS],
        "content": base64.b64encode(content).decode("ascii"),
    }
