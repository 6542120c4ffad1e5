"""A person's own browser at the desk, without the browser: what its page asks for, asked for by hand."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(slots=True)
class Hand:
    """Asks the desk of that address; `cookie` is what it was given when it opened."""

    address: str
    cookie: str = ""

    @property
    def place(self) -> str:
        return urlsplit(self.address).netloc

    def ask(self, path: str, content: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.place, timeout=30)
        told = {
            "Cookie": self.cookie,
            "Origin": f"http://{self.place}",
            **{name.title(): one for name, one in headers.items()},
        }
        try:
            connection.request("GET" if content is None else "POST", path, content, told)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def open(self) -> Answer:
        """Exchange the key for the cookie."""
        answer = self.ask(f"/?{urlsplit(self.address).query}")
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return answer

    def act(self, *events: Any) -> int:
        return self.ask("/input", json.dumps(events).encode()).status

    def click(self, x: int, y: int) -> None:
        assert self.act({"kind": "down", "x": x, "y": y}, {"kind": "up", "x": x, "y": y}) == 204

    def until(self, shows: Callable[[Any], bool], seconds: float = 60) -> Any:
        """The view once it shows that."""
        until, number = time.monotonic() + seconds, 0
        view: Any = {}
        while time.monotonic() < until:
            view = self.ask(f"/view?after={number}").json
            if shows(view):
                return view
            number = view["number"]
        raise AssertionError(f"never shown; at last: {view}")
