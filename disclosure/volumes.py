"""Dividing a package into volumes, each of which is a package of its own with the whole record. Pure.

Every volume has the same lists, events, proofs and documents, and the objects of some of the captures. So each is
checked by itself, and all together are checked as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from casefile.errors import UsageError
from casefile.ids import derived
from disclosure.contents import Contents, Volumes

MOST = 999
NAME = "volume-{number:03d}-of-{count:03d}"
LIST = "volumes.txt"
"""Beside the volumes: their digests, in the form that sha256sum and others read."""


def divide(contents: Contents, sizes: Mapping[str, int], base: int, cap: int) -> tuple[Contents, ...]:
    """The volumes of a package, none longer than `cap` bytes; only itself where it need not be divided.

    `sizes` are the bytes that the object of each capture takes, by capture, `base` those of everything else, which is
    in every volume; no capture alone is longer with it than `cap`. Captures stay in their order.
    Raises UsageError where there would be more volumes than a package has.
    """
    whole = base + sum(sizes.get(one.id, 0) for one in contents.captures)
    if whole <= cap:
        return (contents,)
    placed: dict[str, int] = {}
    number, length = 1, base
    for one in contents.captures:
        size = sizes.get(one.id, 0)
        if length + size > cap:
            number, length = number + 1, base
        placed[one.id], length = number, length + size
    if number > MOST:
        raise UsageError(f"that would be {number} volumes, and no package has more than {MOST}: name a larger size")
    ids = tuple(derived(contents.log, "volume", contents.package, str(one + 1), str(number)) for one in range(number))
    captures = tuple(one if one.is_earlier else replace(one, volume=placed[one.id]) for one in contents.captures)
    volumes = Volumes(contents.package, ids)
    return tuple(replace(contents, package=one, captures=captures, volumes=volumes) for one in ids)


def volume_name(contents: Contents) -> str:
    """What a volume is called, without ending."""
    return NAME.format(number=contents.number, count=len(contents.volumes.ids) if contents.volumes else 1)


def volumes_list(digests: Mapping[str, str]) -> bytes:
    """`volumes.txt`, of the sha256 in hexadecimal by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode("utf-8")
