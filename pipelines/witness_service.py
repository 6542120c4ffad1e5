"""A witness over HTTP (C2SP tlog-witness): `add-checkpoint`, and the newest head of a log for whoever asks.

It speaks plain HTTP, by default to this machine alone: nothing secret passes, and what has to hold is signed. A witness
for others is put behind a server that speaks TLS.
"""

from __future__ import annotations

import hashlib
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from casefile.errors import CasefileError
from preservation.checkpoints import SignedCheckpoint
from preservation.notes import NoteSignature
from preservation.witness_state import WitnessState
from preservation.witnessing import CONFLICT, MAX_SUBMISSION_BYTES, UNKNOWN

SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
IDLE_S = 15
CONNECTIONS = 32
"""At the same time; more wait in the listener's queue."""
ADD, CHECKPOINT = "/add-checkpoint", "/checkpoint"


def origin_hash(origin: str) -> str:
    """By which name a log's newest head is asked for."""
    return hashlib.sha256(origin.encode("utf-8")).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "casefile-witness", ""
    timeout = IDLE_S
    server: WitnessServer

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != ADD:
            self._say(UNKNOWN, b"")
        elif not length.isascii() or not length.isdigit() or int(length) > MAX_SUBMISSION_BYTES:
            self.close_connection = True
            self._say(413 if length.isdigit() else 411, b"")
        else:
            self._cosign(self.rfile.read(int(length)))

    def do_GET(self) -> None:
        newest = self._newest() if self.path.endswith(CHECKPOINT) else None
        if newest is None:
            self._say(UNKNOWN, b"")
        else:
            self._say(200, newest.note.to_bytes())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was cosigned is in the state."""

    def _cosign(self, content: bytes) -> None:
        try:
            answer = self.server.state.cosign(content, lambda: int(time.time()))
        except CasefileError as error:
            self.server.tell(str(error))
            self._say(503, b"")
            return
        if isinstance(answer, NoteSignature):
            self._say(200, answer.line.encode("utf-8"))
        elif answer.status == CONFLICT:
            self._say(CONFLICT, answer.reason.encode("ascii") + b"\n", SIZE_TYPE)
        else:
            self._say(answer.status, answer.reason.encode("utf-8") + b"\n")

    def _newest(self) -> SignedCheckpoint | None:
        asked = self.path.removesuffix(CHECKPOINT).removeprefix("/")
        try:
            logs = self.server.state.read().logs
        except CasefileError as error:
            self.server.tell(str(error))
            return None
        return next((one.newest for origin, one in logs.items() if origin_hash(origin) == asked), None)

    def _say(self, status: int, content: bytes, media_type: str = TEXT_TYPE) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class WitnessServer(socketserver.ThreadingMixIn, HTTPServer):
    """Serves one witness. `tell` hears of a state that is lost meanwhile: nothing is cosigned then."""

    daemon_threads = True

    def __init__(self, folder: Path, host: str, port: int, tell: Callable[[str], object]) -> None:
        self.state = WitnessState(folder)
        self.tell = tell
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        # Before anything listens: a witness without its state does not start.
        self.witness = self.state.witness
        super().__init__((host, port), _Handler)

    @property
    def address(self) -> str:
        """Where it listens, as a setting names it."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{host}:{port}"

    def process_request(self, request: object, client_address: object) -> None:
        """Each connection in a thread of its own, so many at the same time."""
        self._slots.acquire()
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def process_request_thread(self, request: object, client_address: object) -> None:
        """One connection, to its end."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._slots.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke off is no concern of the others; a fault of ours is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
