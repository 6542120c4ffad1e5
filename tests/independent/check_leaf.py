"""Checks the log of a workspace from its files alone, without a line of Casefile: `python3 -I -S check_leaf.py LOG`.

It reads `LOG/journal` and `LOG/private`, as docs/formats/log.md describes them, and recomputes what they must agree
on: the canonical form of each envelope, its leaf, the commitment of each part, and the root of the tree, all by the
shortest way there is and not by the one that Casefile takes. It prints one JSON document; exit code 0 or 5.
"""

import hashlib
import json
import sys
from pathlib import Path

SEGMENT_EVENTS = 4096
PARTS = ("body", "personal", "protected")


def serialize(value):
    """RFC 8785, for strings, integers, booleans, arrays and objects."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        if not -(2**53) < value < 2**53:
            raise ValueError("an integer that not every implementation holds")
        return str(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ",".join(serialize(one) for one in value) + "]"
    if isinstance(value, dict):
        # Section 3.2.3: by UTF-16 code units, unsigned.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(quote(name) + ":" + serialize(value[name]) for name in names) + "}"
    raise ValueError(f"{type(value).__name__} has no place in a record")


def quote(text):
    """Section 3.2.2.2."""
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    written = []
    for character in text:
        number = ord(character)
        if number in short:
            written.append(short[number])
        elif number < 32:
            written.append(f"\\u{number:04x}")
        else:
            written.append(character)
    return '"' + "".join(written) + '"'


def parse(content):
    """A JSON object in canonical form, or ValueError."""

    def refuse(text):
        raise ValueError(f"{text} has no place in a record")

    value = json.loads(content.decode("utf-8"), parse_float=refuse, parse_constant=refuse)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if serialize(value).encode("utf-8") != content:
        raise ValueError("not in canonical form")
    return value


def tree_head(leaves):
    """RFC 9162 section 2.1.1, as the definition is written there, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_head(leaves[:k]) + tree_head(leaves[k:])).digest()


def records(path):
    """The contents of a file of length-prefixed records."""
    content, at = path.read_bytes(), 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        record = content[at + 4 : at + 4 + length]
        if len(content) < at + 4 or not length or len(record) < length:
            raise ValueError(f"{path.name} at byte {at}: no whole record")
        yield record
        at += 4 + length


def segments(folder):
    """The files of a folder of segments, in order and without a gap."""
    names = sorted(path.name for path in folder.iterdir())
    return [(int(name), folder / name) for name in names]


def read_events(folder):
    """Every event of the journal, with its leaf and the segment it lies in."""
    events = []
    for expected, (number, path) in enumerate(segments(folder)):
        if number != expected or path.name != f"{number:04d}":
            raise ValueError(f"{path.name} is not the segment that comes next")
        if len(events) != number * SEGMENT_EVENTS:
            raise ValueError(f"the segment before {path.name} is not full")
        for content in records(path):
            event = parse(content)
            event["_leaf"] = hashlib.sha256(b"\x00" + content).digest()
            event["_segment"] = number
            events.append(event)
    return events


def read_parts(folder):
    """(segment, event, name, commitment) of every private part."""
    for number, path in segments(folder):
        for record in records(path):
            event, name, rest = record.split(b"\n", 2)
            if len(rest) < 32 or name.decode() not in PARTS:
                raise ValueError(f"{path.name}: no part")
            yield number, event.decode(), name.decode(), "sha256:" + hashlib.sha256(rest).hexdigest()


def check(log):
    """What there is, and what is wrong with it."""
    problems = []
    events = read_events(log / "journal")
    if len({event["id"] for event in events}) != len(events):
        problems.append("two events have one id")
    if len({event["log"] for event in events}) != 1:
        problems.append("events of several logs")
    stated = {(e["_segment"], e["id"], name): value for e in events for name, value in e["parts"].items()}
    erased = set()
    for event in events:
        if event["type"] == "content.erased":
            about = {subject["kind"]: subject["id"] for subject in event["subject"]}
            if "part" in about:
                erased.add((about["event"], about["part"]))
    found = set()
    for part in read_parts(log / "private"):
        place, commitment = part[:3], part[3]
        if place in found:
            problems.append(f"{place[2]} of {place[1]} is there twice")
        found.add(place)
        if stated.get(place) != commitment:
            problems.append(f"{place[2]} of {place[1]} is not what an envelope commits to")
        if place[1:] in erased:
            problems.append(f"{place[2]} of {place[1]} was erased and is there")
    for place in stated:
        if place not in found and place[1:] not in erased:
            problems.append(f"{place[2]} of {place[1]} is missing")
    leaves = [event["_leaf"] for event in events]
    return {
        "events": len(events),
        "parts": len(found),
        "root": tree_head(leaves).hex(),
        "last": events[-1]["id"] if events else "",
        "problems": problems,
    }


def main():
    try:
        report = check(Path(sys.argv[1]))
    except (ValueError, KeyError, OSError) as error:
        report = {"problems": [f"{type(error).__name__}: {error}"]}
    print(json.dumps(report))
    return 5 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
