"""Two readers of WARC that we did not write, as judges of what we wrote."""

from __future__ import annotations

from pathlib import Path

from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator


def check_with_warcio(path: Path) -> int:
    """How many records there are; every digest that one states has held."""
    # Without reading content: warcio 1.8 cannot read `br` with the brotli library of this year.
    count = 0
    with path.open("rb") as stream:
        for record in WarcioIterator(stream, check_digests=True):
            while record.raw_stream.read(1 << 20):
                pass
            # It does not look at those of records whose body is elsewhere.
            held = None if record.rec_type == "revisit" else True
            assert record.digest_checker.passed is held, record.digest_checker.problems
            count += 1
    return count


def check_with_fastwarc(path: Path) -> int:
    """The same."""
    count = 0
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=False, strict_mode=True):
            assert record.verify_block_digest(), record.headers["WARC-Type"]
            count += 1
    return count
