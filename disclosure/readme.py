"""README.txt of a package: what it is and how to check it, for somebody who has never heard of Casefile."""

from __future__ import annotations

import textwrap

from disclosure.contents import Contents
from disclosure.telling import outside

WIDTH = 118
TEXT = """\
WHAT THIS IS

A package of {items}, made by Casefile from the investigation {log},
for {recipient}. It is at the same time a BagIt bag (RFC 8493), so that any
archive can read it.

  index.csv             one row an item: number, type, where it came from, digests, where its file is
  viewing/              copies of the items' files under their numbers, to look at
  data/objects/         what was collected, as it was received; nothing in here was ever changed
  data/partial/         the same, where some files stay; below redacted/ are copies with places written over
  data/log/             the record: who did what, when, and the proof that each entry is in the log
  data/package.json     what is here, how many events of each type the log has, what was left out and why
{delta}  check_package.py      a program that checks all of it; it needs Python and nothing else

Files that were collected can be harmful. Open them on a machine that holds nothing you need.

HOW TO CHECK IT

1. Ask the sender for the fingerprint of the log's key, by another way than this package: by telephone, on paper.
2. Run, in this folder, with that fingerprint:

      python3 check_package.py --log-key FINGERPRINT

   It says OK, FAILED or NOT CHECKED for each thing that it looks at. It writes nothing and asks no network.
   Compare the sha256 of check_package.py itself with the one that the sender tells you:

      {checker}

3. Without Python, the digests of all files:

      Linux       sha256sum -c manifest-sha256.txt          sha256sum -c tagmanifest-sha256.txt
      macOS       shasum -a 256 -c manifest-sha256.txt
      Windows     certutil -hashfile FILE SHA256            in the command line, file by file
                  Get-FileHash FILE -Algorithm SHA256       in PowerShell
      faster      openssl dgst -sha256 FILE

   and compare with the line of that file in manifest-sha256.txt.

WHAT THAT SHOWS, AND WHAT NOT

The digests show that no byte changed since the manifests were written. The signature shows that the holder of the log's
key wrote them. The proofs show that each entry is in the log at the head in data/log/checkpoint. A time that somebody
outside vouches for is only in a timestamp, if there is one in data/anchors. Nothing in here shows that what was
collected is true, or who really sat at the keyboard: names are as they were entered.

{outside}
"""

DELTA = """\
                        IT ADDS TO PACKAGE {package}:
                        what that has is not here again; check both with --since EARLIER
"""
"""What is said between the lines of the list, of a package that adds to another."""
VOLUME = """\
                        THIS IS VOLUME {number} OF {count} of package {whole}:
                        each volume is checked by itself; all at once with
                        python3 check_package.py FOLDER-OF-ALL-VOLUMES
"""
"""The same, of a volume."""


def readme(contents: Contents, checker: str) -> bytes:
    """The text for one package; `checker` is the sha256 of check_package.py."""
    count = len(contents.items)
    recipient = "".join(one if one.isprintable() else " " for one in contents.recipient)
    delta = DELTA.format(package=contents.since.package) if contents.since is not None else ""
    volumes = contents.volumes
    if volumes is not None:
        delta += VOLUME.format(number=contents.number, count=len(volumes.ids), whole=volumes.whole)
    return TEXT.format(
        delta=delta,
        items="1 item" if count == 1 else f"{count} items",
        log=contents.log,
        recipient=recipient,
        checker=checker,
        outside="\n".join(textwrap.fill(one, WIDTH) for one in outside(contents)),
    ).encode("utf-8")
