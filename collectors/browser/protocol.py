"""The DevTools protocol over a pair of pipes: one JSON message at a time, each ended by a zero byte.

What the browser says may come from a page that has taken it over: it is bounded in length and in time, and an answer
that is none ends the conversation.
"""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Mapping
from typing import Any

MESSAGE_BYTES = 256 << 20
"""The longest message: a picture or a PDF in base64."""
READ_BYTES = 1 << 20

Said = Mapping[str, Any]
Heard = Callable[[Said, str], None]
"""Called with the parameters of an event and the session that it is of."""


class BrowserGone(Exception):
    """The browser ended, or does not keep to the protocol."""


class OutOfTime(Exception):
    """An answer, or what was waited for, did not come in time; the text says which."""


class CallFailed(Exception):
    """The browser says that a call cannot be done."""


class Protocol:
    """Calls and events over the pipes. `deadline` is monotonic time, for everything together."""

    def __init__(self, reading: int, writing: int, deadline: float) -> None:
        self._reading = reading
        self._writing = writing
        self._buffer = bytearray()
        self._looked = 0
        self._answers: dict[int, Said] = {}
        self._ignored: set[int] = set()
        self._heard: dict[str, Heard] = {}
        self._number = 0
        self.deadline = deadline

    def on(self, method: str, heard: Heard) -> None:
        """Have an event handled, whenever it comes while something is waited for."""
        self._heard[method] = heard

    def post(self, method: str, session: str = "", **parameters: Any) -> int:
        """Send a call whose answer nobody waits for."""
        number = self._send(method, parameters, session)
        self._ignored.add(number)
        return number

    def call(self, method: str, session: str = "", *, wait_s: float = 30.0, **parameters: Any) -> Said:
        """Send a call and wait for its answer. Raises CallFailed, OutOfTime, BrowserGone."""
        return self._answer(self._send(method, parameters, session), wait_s, method)

    def ask(self, method: str, session: str, wait_s: float, unheard: Callable[[], float], **parameters: Any) -> Said:
        """The same, but when no answer came in time `unheard` is done, and says for how long it is worth waiting on."""
        number = self._send(method, parameters, session)
        try:
            self.wait(lambda: number in self._answers, wait_s, method)
        except OutOfTime:
            wait_s = unheard()
        return self._answer(number, wait_s, method)

    def _answer(self, number: int, wait_s: float, method: str) -> Said:
        """The answer to a call that was sent. Raises CallFailed, OutOfTime, BrowserGone."""
        try:
            self.wait(lambda: number in self._answers, wait_s, method)
        except OutOfTime:
            self._ignored.add(number)
            raise
        answer = self._answers.pop(number)
        if "error" in answer:
            raise CallFailed(f"{method}: {str(answer['error'].get('message', ''))[:300]}")
        result = answer.get("result")
        return result if isinstance(result, dict) else {}

    def wait(self, condition: Callable[[], bool], wait_s: float, what: str) -> None:
        """Take messages until the condition holds; raises OutOfTime after `wait_s` seconds."""
        until = min(time.monotonic() + wait_s, self.deadline)
        while not condition():
            if not self.listen(until):
                raise OutOfTime(what)

    def pause(self, seconds: float, unless: Callable[[], bool] = lambda: False) -> None:
        """Take messages for so long, or until the condition holds."""
        until = min(time.monotonic() + seconds, self.deadline)
        while not unless() and self.listen(until):
            """Each round takes one message."""

    def listen(self, until: float) -> bool:
        """Take one message; False when none was there by then."""
        while (end := self._buffer.find(b"\0", self._looked)) < 0:
            self._looked = len(self._buffer)
            if self._looked > MESSAGE_BYTES:
                raise BrowserGone("a message that is too long")
            left_s = until - time.monotonic()
            if left_s <= 0 or not select.select([self._reading], [], [], left_s)[0]:
                return False
            block = os.read(self._reading, READ_BYTES)
            if not block:
                raise BrowserGone("it ended")
            self._buffer += block
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._looked = 0
        self._take(message)
        return True

    def _send(self, method: str, parameters: Mapping[str, Any], session: str) -> int:
        self._number += 1
        said: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            said["sessionId"] = session
        left = memoryview(json.dumps(said).encode("utf-8") + b"\0")
        try:
            while left:
                left = left[os.write(self._writing, left) :]
        except BrokenPipeError as error:
            raise BrowserGone("it ended") from error
        return self._number

    def _take(self, message: bytes) -> None:
        try:
            said = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise BrowserGone("what it said is no JSON") from error
        if not isinstance(said, dict):
            raise BrowserGone("what it said is no message")
        if "id" in said:
            if said["id"] in self._ignored:
                self._ignored.discard(said["id"])
            else:
                self._answers[said["id"]] = said
            return
        heard = self._heard.get(str(said.get("method")))
        if heard is not None:
            heard(said.get("params") or {}, str(said.get("sessionId", "")))
