"""Embedded metadata by ExifTool, kept exactly as it was printed and read into claims.

One process stays open for a batch. It is started with an empty configuration, because a configuration is a program,
and it is given only absolute paths named by digest: arguments travel one to a line, so a collected name could become
an option, and one option runs code.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import exiftool
from exiftool.exceptions import ExifToolException

from verification.interface import DIGEST_NAME, CheckName, ExamineLimits, Finding, Notice, result_of
from verification.technical.claims import (
    MAX_CLAIMS,
    claims_of,
    conflicts_of,
    entries_of,
    parse_metadata,
    place_notices,
    warnings_of,
)
from verification.technical.failing import CheckStopped, ToolAbsent, TooLarge, Unreadable

VERSION = "1"
NO_CONFIGURATION = ""
"""ExifTool's `-config ""`: no .ExifTool_config is read, from the home folder or from anywhere."""
ARGUMENTS = ("-j", "-l", "-a", "-G0:1:4", "-struct", "-api", "largefilesupport=1", "-charset", "filename=utf8")
"""JSON with printed and stored value side by side, duplicates kept apart, both group families in every key."""
SHORTENED = (
    "-j",
    "-a",
    "-G0:1:4",
    "-struct",
    "-api",
    "largefilesupport=1",
    "-api",
    "filter=$_=substr($_,0,4096) if !ref && length>4096",
)
"""The second try for a file whose metadata is larger than what is kept: values cut at 4096 characters."""
READ_BYTES = 1 << 20


class PathRefused(CheckStopped):
    """A path that we did not make was about to reach ExifTool."""


@dataclass(slots=True)
class MetadataReader:
    """ExifTool in one process that stays open; started on first use and again after an abnormal end."""

    executable: str
    _session: exiftool.ExifTool | None = field(default=None, init=False)

    @property
    def version(self) -> str:
        """ExifTool's version, empty while it has not been used."""
        return str(self._session.version) if self._session is not None and self._session.running else ""

    def read(self, path: Path, arguments: tuple[str, ...] = ARGUMENTS) -> bytes:
        """What ExifTool prints about a file.

        Raises PathRefused for any path but an absolute one named by digest, ToolAbsent and Unreadable.
        """
        given = ours_only(path)
        ended = False
        try:
            printed = self._open().execute(*arguments, given, raw_bytes=True)
            ended = True
        except (ExifToolException, OSError, ValueError) as error:
            raise Unreadable(f"ExifTool ended: {type(error).__name__}") from error
        finally:
            if not ended:
                self._abandon()
        return bytes(printed) if isinstance(printed, bytes) else str(printed).encode()

    def close(self) -> None:
        """End the process in its own way; nothing happens when there is none."""
        session, self._session = self._session, None
        if session is not None and session.running:
            session.terminate()

    def _abandon(self) -> None:
        """Kill a process in the middle of something: what it says next would be taken for the next file's."""
        session, self._session = self._session, None
        if session is None or session._process is None:
            return
        session._process.kill()
        session._process.communicate()
        with warnings.catch_warnings():
            # The wrapper warns when it finds its process gone; here we have just ended it.
            warnings.simplefilter("ignore", UserWarning)
            still = session.running
        if still:
            raise Unreadable("ExifTool cannot be ended")

    def _open(self) -> exiftool.ExifTool:
        if not self.executable:
            raise ToolAbsent("ExifTool is not on this machine")
        if self._session is None:
            try:
                self._session = exiftool.ExifTool(
                    executable=self.executable, common_args=[], config_file=NO_CONFIGURATION, encoding="utf-8"
                )
                self._session.block_size = READ_BYTES
                self._session.run()
            except (ExifToolException, OSError, RuntimeError) as error:
                raise ToolAbsent(f"ExifTool does not start: {type(error).__name__}") from error
        return self._session


def ours_only(path: Path) -> str:
    """The path as ExifTool may be given it; raises PathRefused unless it is absolute, plain and named by digest."""
    text = str(path)
    if not path.is_absolute() or not DIGEST_NAME.fullmatch(path.name) or not text.isprintable():
        raise PathRefused("only absolute paths named by digest are given to ExifTool")
    return text


def examine_metadata(reader: MetadataReader, path: Path, limits: ExamineLimits, digest: str) -> tuple[Finding, bytes]:
    """The finding, and ExifTool's JSON byte for byte as it was printed.

    Raises what `MetadataReader.read` raises, and TooLarge when even shortened values exceed the limit.
    """
    notices = list[Notice]()
    raw = reader.read(path)
    if len(raw) > limits.max_metadata_bytes:
        notices.append(Notice(code="metadata-shortened", text=f"{len(raw)} bytes of metadata; long values were cut"))
        raw = reader.read(path, SHORTENED)
    if len(raw) > limits.max_metadata_bytes:
        raise TooLarge(f"more than {limits.max_metadata_bytes} bytes of metadata")
    metadata = parse_metadata(raw)
    entries = entries_of(metadata)
    claims = claims_of(entries)
    notices += (*warnings_of(metadata), *place_notices(claims))
    conflicts = conflicts_of(claims)
    finding = Finding(
        check=CheckName.METADATA,
        version=VERSION,
        result=result_of(notices, conflicts),
        input=digest,
        facts={
            "media_type": next((entry.printed for entry in entries if entry.tag == "MIMEType"), ""),
            "values": len(entries),
        },
        claims=claims,
        conflicts=conflicts,
        notices=tuple(notices),
        limits=(f"the first {MAX_CLAIMS} values",) if len(entries) == MAX_CLAIMS else (),
        parameters={"exiftool": reader.version, "arguments": " ".join(ARGUMENTS)},
    )
    return finding, raw
