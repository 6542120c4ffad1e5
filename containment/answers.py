"""What a call answered, read as the work of somebody hostile. Pure."""

from __future__ import annotations

import errno
import json
import signal
from collections.abc import Mapping
from typing import Any

from casefile.canonical import INTEGER_LIMIT, Json
from casefile.model import readable
from containment.frames import LENGTH_BYTES
from containment.limits import Ended

DETAIL_CHARACTERS = 1000


def answer_of(answer: bytes, status: int) -> Mapping[str, Json]:
    """The answer in the bytes that a call left; raises Ended when it is none."""
    if status < 0:
        raise _ended_by(-status)
    length = int.from_bytes(answer[:LENGTH_BYTES], "big")
    if len(answer) < LENGTH_BYTES or len(answer) != LENGTH_BYTES + length:
        raise Ended("crashed" if status else "malformed", f"exit code {status} without a whole answer")
    try:
        text = answer[LENGTH_BYTES:].decode("utf-8")
        frame = json.loads(text, parse_float=_refuse, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Ended("malformed", "the answer is not JSON of ours") from error
    if not isinstance(frame, dict):
        raise Ended("malformed", "the answer is no object")
    if "memory" in frame:
        raise Ended("memory", "the memory that it may use was not enough")
    if "failed" in frame:
        raise _ended_by_itself(frame["failed"])
    said = frame.get("answer")
    # Only a null, or half of a surrogate pair written as an escape, can be among what was parsed and must not be.
    suspect = "null" in text or "\\ud" in text or "\\uD" in text
    if not isinstance(said, dict) or (suspect and not _in_vocabulary(said)):
        raise Ended("malformed", "the answer is outside the vocabulary of records")
    return said


def _refuse(text: str) -> None:
    raise ValueError(f"{text[:32]} is no integer")


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) >= INTEGER_LIMIT:
        raise ValueError("an integer of 2**53 or more")
    return value


def _in_vocabulary(value: Any) -> bool:
    """Strings that can be encoded, integers, booleans, lists and objects."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            if not one.isascii() and any("\ud800" <= character <= "\udfff" for character in one):
                return False
        elif not isinstance(one, int):
            return False
    return True


def _ended_by(number: int) -> Ended:
    if number == signal.SIGXCPU:
        return Ended("timeout", "the CPU seconds that it may use were not enough")
    if number == signal.SIGXFSZ:
        return Ended("output", "a file grew beyond its bound")
    name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
    return Ended("killed" if number == signal.SIGKILL else "signal", name)


def _ended_by_itself(failure: Any) -> Ended:
    kind = failure.get("kind") if isinstance(failure, dict) else None
    text = failure_text(failure)
    if kind == "MemoryError":
        return Ended("memory", text)
    if kind == "OSError" and failure.get("errno") == errno.EFBIG:
        return Ended("output", "a file grew beyond its bound")
    return Ended("crashed", text)


def failure_text(failure: Any) -> str:
    """Where and why a call failed, in its own words made safe to print."""
    if not isinstance(failure, dict):
        return "unreadable"
    return plain_line(f"{failure.get('kind', '')} at {failure.get('place', '')}: {failure.get('text', '')}")


def plain_line(text: str) -> str:
    """Text from inside as one line that can be printed: no control, format or bidirectional characters."""
    return "".join(one if one.isprintable() else " " for one in readable(text, DETAIL_CHARACTERS))
