"""Checks that two heads contradict each other: `python3 -I -S check_contradiction.py FILE KEY…`, KEYs in hexadecimal.

FILE is what `casefile audit --evidence` writes; the keys are those of the log, from a card that was deposited. There
is no line of Casefile in it: Ed25519 is taken from `check_proof.py` beside this file, the consistency proof is followed
by the definition of RFC 9162 section 2.1.4.1. Exit code 0 when the contradiction is proved, else 5.
"""

import base64
import hashlib
import importlib.util
import json
import sys
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("check_proof", Path(__file__).resolve().parent / "check_proof.py")
check_proof = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_proof)


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def both_roots(earlier, later, path, whole, known):
    """The roots of the first `earlier` and of all `later` leaves, as SUBPROOF(earlier, D[later], whole) is defined."""
    if earlier == later:
        root = known if whole else path.pop(0)
        return root, root
    k = 1
    while 2 * k < later:
        k *= 2
    if earlier <= k:
        first, left = both_roots(earlier, k, path, whole, known)
        return first, node(left, path.pop(0))
    first, right = both_roots(earlier - k, later - k, path, False, known)
    left = path.pop(0)
    return node(left, first), node(left, right)


def head_of(note, keys):
    """Origin, size and root of a note that one of the keys signed."""
    text, _gap, below = note.partition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    for line in below.splitlines():
        _dash, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        for key in keys:
            known = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
            if name == origin and signature[:4] == known and check_proof.verifies(key, signature[4:], text.encode()):
                return origin, int(size), base64.b64decode(root, validate=True)
    raise ValueError("no key that was given signed a head")


def check(stated, keys):
    origin, size, root = head_of(stated["outside"], keys)
    other, shown_size, shown_root = head_of(stated["shown"], keys)
    if origin != other:
        raise ValueError("the heads are of two logs")
    if stated["kind"] == "fork" and size == shown_size and root != shown_root:
        return f"one key signed two logs of {size} events"
    if stated["kind"] == "rollback" and size > shown_size:
        return f"the log once had {size} events; whoever shows it with {shown_size} shows not all of it"
    if stated["kind"] == "rewrite" and 0 < size < shown_size:
        path = [base64.b64decode(one, validate=True) for one in stated["proof"]]
        claimed = base64.b64decode(stated["root"], validate=True)
        first, whole = both_roots(size, shown_size, path, True, claimed)
        if not path and first == claimed and whole == shown_root and claimed != root:
            return f"the first {size} events of the log were others when that head was signed"
    raise ValueError("these heads do not contradict each other")


def main():
    try:
        with open(sys.argv[1], "rb") as stream:
            said = check(json.loads(stream.read().decode("utf-8")), [bytes.fromhex(one) for one in sys.argv[2:]])
    except (ValueError, KeyError, IndexError, TypeError, OSError) as error:
        print(f"FAILED: {error}")
        return 5
    print(f"PROVED: {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
