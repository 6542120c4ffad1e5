"""Checks a proof without a line of Casefile: `python3 -I -S check_proof.py ENVELOPE PROOF KEY`, KEY in hexadecimal.

The path is followed from the root down, which is not the way that Casefile takes; Ed25519 is RFC 8032 section 5.1.7,
in plain integers. Exit code 0 or 5.
"""

import base64
import hashlib
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def x_of(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point")
    return P - x if x & 1 != sign else x


def added(a, b):
    (x1, y1), (x2, y2) = a, b
    common = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + common, P - 2, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - common, P - 2, P) % P


def times(number, point):
    total = (0, 1)
    while number:
        if number & 1:
            total = added(total, point)
        point, number = added(point, point), number >> 1
    return total


def point_of(content):
    number = int.from_bytes(content, "little")
    y = number & (1 << 255) - 1
    if y >= P:
        raise ValueError("no point")
    return x_of(y, number >> 255), y


def verifies(key, signature, text):
    if len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= L:
        return False
    base_y = 4 * pow(5, P - 2, P) % P
    try:
        commitment, public = point_of(signature[:32]), point_of(key)
    except ValueError:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    return times(scalar, (x_of(base_y, 0), base_y)) == added(commitment, times(digest, public))


def root(leaf, index, size, path):
    """RFC 9162 section 2.1.3.1, read backwards: the last hash of a path is the one right below the root."""
    if size == 1:
        if path:
            raise ValueError("the path is too long")
        return leaf
    if not path:
        raise ValueError("the path is too short")
    k = 1
    while 2 * k < size:
        k *= 2
    if index < k:
        pair = root(leaf, index, k, path[:-1]) + path[-1]
    else:
        pair = path[-1] + root(leaf, index - k, size - k, path[:-1])
    return hashlib.sha256(b"\x01" + pair).digest()


def check(envelope, proof, key):
    above, _gap, note = proof.partition(b"\n\n")
    header, index, *path = above.decode("ascii").split("\n")
    if header != "c2sp.org/tlog-proof@v1" or not index.startswith("index "):
        raise ValueError("no proof")
    text, _gap, below = note.partition(b"\n\n")
    text += b"\n"
    origin, size, head = text.decode("ascii").split("\n")[:3]
    position = int(index.removeprefix("index "))
    if not 0 <= position < int(size):
        raise ValueError("the index is not in the tree")
    leaf = hashlib.sha256(b"\x00" + envelope).digest()
    found = root(leaf, position, int(size), [base64.b64decode(one, validate=True) for one in path])
    if found != base64.b64decode(head, validate=True):
        raise ValueError("the path does not lead to the head")
    known = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    for line in below.decode("utf-8").splitlines():
        _dash, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if name == origin and signature[:4] == known and verifies(key, signature[4:], text):
            return
    raise ValueError("the key did not sign the head")


def main():
    try:
        with open(sys.argv[1], "rb") as envelope, open(sys.argv[2], "rb") as proof:
            check(envelope.read(), proof.read(), bytes.fromhex(sys.argv[3]))
    except (ValueError, OSError) as error:
        print(f"FAILED: {error}")
        return 5
    print("OK")
    return 0


if __name__ == "__main__":
    sys.exit(main())
