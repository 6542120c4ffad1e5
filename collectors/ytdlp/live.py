"""Reading the playlist of a broadcast that goes on (RFC 8216): what is new in it, and when to look again. Pure."""

from __future__ import annotations

import re

TARGET_DURATION = re.compile(r"#EXT-X-TARGETDURATION:\s*(\d{1,4})")
MEDIA_SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:\s*(\d{1,18})")
OF_ONE_SEGMENT = ("#EXTINF", "#EXT-X-BYTERANGE", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-DATERANGE", "#EXT-X-BITRATE")
SHORTEST_POLL_S = 0.5
LONGEST_POLL_S = 10.0


def poll_s(playlist: str) -> float:
    """Seconds to wait before asking again: half a target duration (RFC 8216 section 6.3.4), within bounds."""
    found = TARGET_DURATION.search(playlist)
    return min(max(int(found.group(1)) / 2 if found else 1.0, SHORTEST_POLL_S), LONGEST_POLL_S)


def fresh_part(playlist: str, seen: set[str]) -> str:
    """The playlist with only those segments that are not in `seen`, which they join; empty when there are none.

    The initialization section is named once. The media sequence is moved, since segment keys are derived from it.
    """
    kept: list[str] = []
    of_next: list[str] = []
    skipped = fresh = 0
    for line in (one.strip() for one in playlist.splitlines()):
        if line.startswith(OF_ONE_SEGMENT):
            of_next.append(line)
        elif line.startswith("#EXT-X-MAP"):
            if line not in seen:
                seen.add(line)
                kept.append(line)
        elif line.startswith("#") or not line:
            kept.append(line)
        elif _identity(line, of_next) in seen:
            skipped += not fresh
            of_next.clear()
        else:
            seen.add(_identity(line, of_next))
            kept.extend((*of_next, line))
            of_next.clear()
            fresh += 1
    if not fresh:
        return ""
    return MEDIA_SEQUENCE.sub(lambda found: f"#EXT-X-MEDIA-SEQUENCE:{int(found[1]) + skipped}", "\n".join(kept))


def _identity(line: str, of_next: list[str]) -> str:
    return "\n".join([line, *(tag for tag in of_next if tag.startswith("#EXT-X-BYTERANGE"))])
