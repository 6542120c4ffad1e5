"""The page from which a person drives a contained browser: on this machine's loopback, for one person, and then gone.

Its address holds a key that opens it once; after that a cookie does, which no other page can send along. It loads
nothing from anywhere else, and what it shows of the browser is one picture after another and a few words, never markup.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
import select
import socket
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from containment.channel import Channel, ChannelClosed, listening

LOOPBACK = "127.0.0.1"
FILES = Path(__file__).with_name("desk_page")
SERVED: Mapping[str, tuple[str, str]] = {
    "/": ("desk.html", "text/html; charset=utf-8"),
    "/desk.js": ("desk.js", "text/javascript; charset=utf-8"),
    "/desk.css": ("desk.css", "text/css; charset=utf-8"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
JPEG = b"\xff\xd8\xff"
LOOK_S = 10.0
"""How long a request for the next picture is held open."""
IDLE_S = 60
INPUT_BYTES = 64 << 10
LISTEN_S = 0.5


@dataclass(slots=True)
class View:
    """What the person sees: the newest picture with its number, and what stands beside it."""

    number: int = 0
    picture: bytes = b""
    state: Mapping[str, Any] = field(default_factory=dict)
    ended: bool = False


class Desk:
    """The bridge between the page and the call. Made by `open_desk`; `folder` becomes the inputs of the call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._view = View()
        self._changed = threading.Condition()
        self._channel: Channel | None = None
        self._closed = threading.Event()
        self._server = _Server(self)

    @property
    def address(self) -> str:
        """Where the person opens it. It can be opened once."""
        return f"{self._server.origin}/?key={self._server.key}"

    def view(self, after: int, wait_s: float) -> View:
        """What is to be seen, once there is something newer than that, or after a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._view.number > after or self._view.ended, wait_s)
            return self._view

    def say(self, events: list[Any]) -> bool:
        """Pass on what the person did; whether somebody takes it."""
        channel = self._channel
        if channel is None:
            return False
        try:
            for event in events:
                if isinstance(event, dict):
                    channel.send(event)
        except ChannelClosed:
            return False
        return True

    def run(self, listener: socket.socket) -> None:
        """Take what the one call says, for as long as it lasts and the desk is open."""
        while not select.select([listener], [], [], LISTEN_S)[0]:
            if self._closed.is_set():
                return
        self._channel = channel = Channel(listener.accept()[0])
        try:
            self._hear(channel)
        finally:
            self._channel = None
            channel.close()
            self._end()

    def _hear(self, channel: Channel) -> None:
        while not self._closed.is_set():
            try:
                said = channel.receive(LISTEN_S)
            except ChannelClosed:
                return
            match said:
                case {"picture": str(encoded)} if (picture := _picture_of(encoded)) is not None:
                    self._show(View(self._view.number + 1, picture, self._view.state))
                case {"state": dict(state)}:
                    self._show(View(self._view.number + 1, self._view.picture, _plain(state)))
                case _:
                    continue

    def _end(self) -> None:
        self._show(View(self._view.number + 1, b"", self._view.state, ended=True))

    def _show(self, view: View) -> None:
        with self._changed:
            self._view = view
            self._changed.notify_all()

    def serve(self) -> None:
        """Answer the person's browser until the desk is closed."""
        self._server.serve_forever(LISTEN_S)

    def close(self) -> None:
        """End it for everybody."""
        self._closed.set()
        self._end()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def open_desk() -> Iterator[Desk]:
    """A desk for one capture in the hands of a person."""
    with tempfile.TemporaryDirectory(prefix="casefile-desk-") as folder, listening(Path(folder)) as listener:
        desk = Desk(Path(folder))
        threads = [
            threading.Thread(target=desk.run, args=(listener,), name="desk", daemon=True),
            threading.Thread(target=desk.serve, name="desk-page", daemon=True),
        ]
        for one in threads:
            one.start()
        try:
            yield desk
        finally:
            desk.close()
            for one in threads:
                one.join()


def _picture_of(encoded: str) -> bytes | None:
    """A picture as it is passed on, unread; None for what does not even begin like one."""
    try:
        picture = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return picture if picture.startswith(JPEG) else None


def _plain(state: Mapping[Any, Any]) -> dict[str, Any]:
    """Words and numbers alone, of what came from inside."""
    return {
        str(name)[:40]: value[:2_000] if isinstance(value, str) else value
        for name, value in list(state.items())[:20]
        if isinstance(value, str | int)
    }


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.key, self.session = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.opened = threading.Lock()
        super().__init__((LOOPBACK, 0), _Handler)

    @property
    def origin(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    @property
    def cookie(self) -> str:
        # Cookies know no ports: two desks of one machine do not take each other's.
        return f"casefile-desk-{self.server_address[1]}={self.session}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke off is no concern of the others; a fault of ours is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "casefile-desk", ""
    timeout = IDLE_S
    server: _Server

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = parse_qs(place.query)
        key = asked.get("key", [""])[0]
        if not self._is_for_us():
            self._say(403)
        elif place.path == "/" and key:
            self._open(key)
        elif not self._is_known():
            self._say(403)
        elif place.path in SERVED:
            name, media_type = SERVED[place.path]
            self._say(200, (FILES / name).read_bytes(), media_type)
        elif place.path == "/view":
            self._view(asked.get("after", ["0"])[0])
        elif place.path == "/picture":
            self._say(200, self.server.desk.view(0, 0).picture, "image/jpeg")
        else:
            self._say(404)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        ours = self._is_for_us() and self._is_known() and self.headers.get("Origin") == self.server.origin
        if not ours or self.path != "/input" or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            self._say(403)
        elif int(length) > INPUT_BYTES:
            self.close_connection = True
            self._say(413)
        else:
            self._take(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what a person did is in the capture."""

    def _open(self, key: str) -> None:
        """Exchange the key for the cookie, once."""
        if not hmac.compare_digest(key.encode(), self.server.key.encode()) or not self.server.opened.acquire(False):
            self._say(403)
            return
        cookie = f"{self.server.cookie}; HttpOnly; SameSite=Strict; Path=/"
        self._say(303, headers={"Location": "/", "Set-Cookie": cookie})

    def _is_for_us(self) -> bool:
        """Whether it was asked by this address: a name that leads here is another's page (DNS rebinding)."""
        return self.headers.get("Host") == urlsplit(self.server.origin).netloc

    def _is_known(self) -> bool:
        cookies = [one.strip().encode("utf-8", "replace") for one in self.headers.get("Cookie", "").split(";")]
        return any(hmac.compare_digest(one, self.server.cookie.encode()) for one in cookies)

    def _view(self, after: str) -> None:
        view = self.server.desk.view(int(after) if after.isdigit() else 0, LOOK_S)
        told = {"number": view.number, "picture": bool(view.picture), "ended": view.ended, "state": view.state}
        self._say(200, json.dumps(told).encode("ascii"), "application/json")

    def _take(self, content: bytes) -> None:
        try:
            events = json.loads(content)
        except (ValueError, RecursionError):
            self._say(400)
            return
        taken = isinstance(events, list) and self.server.desk.say(events)
        self._say(204 if taken else 409)

    def _say(
        self,
        status: int,
        content: bytes = b"",
        media_type: str = "text/plain",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **(headers or {}), "Content-Type": media_type}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
