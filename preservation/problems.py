"""What an audit can find: one code per kind of finding, with its sentence and the rule that it breaks.

Codes are permanent; a code that is no longer found is not given to another kind. P001 to P049 are the vault's,
P050 to P099 those of the log and the tables, P100 to P119 those of erasures, of copies and of what lies beside the
vault, P120 to P139 those of time stamps.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding: a template whose fields the finding fills, and where the rule comes from."""

    text: str
    rule: str


KINDS: dict[str, Kind] = {
    "P001": Kind("a file of the storage root is missing", "OCFL 1.1 section 4.1; docs/formats/vault.md"),
    "P002": Kind("a file of the storage root has other bytes than it must have", "docs/formats/vault.md"),
    "P003": Kind("it belongs to no object and is not a file of the storage root", "OCFL 1.1 section 4.2"),
    "P004": Kind("an empty folder", "OCFL 1.1 sections 3.3.1 and 4.2"),
    "P005": Kind("it is a {kind}, where only files and folders may be", "docs/formats/vault.md"),
    "P006": Kind("it is not where the layout puts an object of that id", "OCFL extension 0003"),
    "P007": Kind("the permissions are {found}, not {expected}", "docs/formats/vault.md"),
    "P008": Kind("it cannot be read: {reason}", "docs/formats/vault.md"),
    "P010": Kind("the object's declaration has other bytes than it must have", "OCFL 1.1 section 3.2"),
    "P011": Kind("it is not an inventory of the vault: {reason}", "OCFL 1.1 section 3.5"),
    "P012": Kind("the inventory is for another object, {found}", "OCFL 1.1 section 3.5"),
    "P013": Kind("the sidecar does not hold the digest of its inventory", "OCFL 1.1 section 3.6"),
    "P014": Kind("the version's inventory differs from the object's", "OCFL 1.1 section 3.7"),
    "P015": Kind("a file of the object is missing", "OCFL 1.1 section 3.5.2"),
    "P016": Kind("a file that the inventory does not name", "OCFL 1.1 section 3.3.1"),
    "P017": Kind("sha512 is {found}, recorded as {expected}", "OCFL 1.1 section 3.5.2"),
    "P018": Kind("the capture's record and the inventory do not name the same files", "docs/formats/vault.md"),
    "P020": Kind("an object that no event names", "docs/formats/vault.md"),
    "P021": Kind("an event names an object that is not in the vault", "docs/formats/vault.md"),
    "P022": Kind("the inventory has sha512 {found}; the event says {expected}", "docs/formats/vault.md"),
    "P050": Kind("the journal and the database cannot be brought together: {reason}", "docs/formats/log.md"),
    "P051": Kind("the log cannot be replayed: {reason}", "docs/formats/log.md"),
    "P052": Kind("part {part} of event {event} is missing and was not erased", "docs/formats/log.md"),
    "P053": Kind("a file that is no part of the log", "docs/formats/log.md"),
    "P054": Kind("part {part} of event {event} was erased and is still on the disk", "docs/formats/log.md"),
    "P055": Kind("the database is missing", "docs/formats/log.md"),
    "P056": Kind("row {key} is there and follows from no event", "docs/formats/log.md"),
    "P057": Kind("row {key} is missing", "docs/formats/log.md"),
    "P058": Kind("row {key} differs from what the events say, in {columns}", "docs/formats/log.md"),
    "P059": Kind("the table is missing", "docs/formats/log.md"),
    "P060": Kind("the database cannot be read: {reason}", "docs/formats/log.md"),
    "P061": Kind("the key is not the one that the log states", "docs/formats/log.md"),
    "P062": Kind("the key is missing", "docs/formats/log.md"),
    "P064": Kind("behind the last whole event: {what}", "docs/formats/log.md"),
    "P063": Kind("casefile.toml names another investigation than the log does", "docs/formats/log.md"),
    "P066": Kind("a {kind} of the database that is none of ours names tables of the log", "docs/formats/log.md"),
    "P067": Kind("the database has a {kind} of that name, which is none of ours", "docs/formats/log.md"),
    "P068": Kind("the table has columns that are none of ours: {columns}", "docs/formats/log.md"),
    "P065": Kind("the package that was received does not hold: {reason}", "docs/formats/package.md"),
    "P070": Kind("it has other bytes than the journal gives", "C2SP tlog-tiles; docs/formats/log.md rule 19"),
    "P071": Kind("the tile is missing", "C2SP tlog-tiles; docs/formats/log.md rule 19"),
    "P072": Kind("it is no tile of this log", "C2SP tlog-tiles; docs/formats/log.md rule 19"),
    "P073": Kind("it is no checkpoint: {reason}", "C2SP signed-note, tlog-checkpoint; docs/formats/log.md rule 20"),
    "P074": Kind("the log's key at {size} events did not sign it", "docs/formats/log.md rule 21"),
    "P075": Kind(
        "the head that was signed at {size} events has root {signed}, the journal gives {found}: it was written anew",
        "RFC 9162 section 2.1; docs/formats/log.md rule 22",
    ),
    "P076": Kind(
        "a head was signed over {size} events and the journal holds {found}: it was cut back",
        "docs/formats/log.md rule 22",
    ),
    "P077": Kind("it is not the newest head: one of {size} events was signed", "docs/formats/log.md rule 22"),
    "P078": Kind("a statement about a key counts for nothing: {reason}", "docs/formats/log.md rule 24"),
    "P079": Kind("the key was revoked for heads of more than {size} events", "docs/formats/log.md rule 25"),
    "P080": Kind("the head that the log names is missing or another one", "docs/formats/log.md rule 23"),
    "P081": Kind(
        "the outside head has the size {size} and root {root}; the log begins otherwise: {ours}",
        "RFC 9162 section 2.1.4; docs/formats/log.md rule 22",
    ),
    "P082": Kind("the outside head is of {size} events; the journal holds {found}", "docs/formats/log.md rule 22"),
    "P083": Kind("the outside head cannot be believed: {reason}", "docs/formats/log.md rule 21"),
    "P120": Kind("a file that stamps the head of {size} events is missing", "docs/formats/log.md rule T1"),
    "P121": Kind("sha256 is {found}; the event says {expected}", "docs/formats/log.md rule T1"),
    "P122": Kind("it is no time stamp: {reason}", "RFC 3161 section 2.4; docs/formats/log.md rule T2"),
    "P123": Kind(
        "the time stamp is over other bytes than the head", "RFC 3161 section 2.4.2; docs/formats/log.md rule T2"
    ),
    "P124": Kind("the time stamp is not signed as one: {reason}", "RFC 5652 section 5.6; docs/formats/log.md rule T2"),
    "P125": Kind(
        "a certificate may not sign time stamps: {reason}", "RFC 3161 section 2.3; docs/formats/log.md rule T2"
    ),
    "P126": Kind(
        "the time stamp is not one of {authority}: {reason}", "RFC 5280 section 6; docs/formats/log.md rule T3"
    ),
    "P127": Kind(
        "a certificate was not valid when the time stamp was made: {reason}",
        "RFC 5280 section 6; docs/formats/log.md rule T3",
    ),
    "P128": Kind(
        "the time stamp answers another request: {reason}", "RFC 3161 section 2.4.2; docs/formats/log.md rule T2"
    ),
    "P129": Kind("the time stamp is too inaccurate: {reason}", "RFC 3161 section 2.4.2; docs/formats/log.md rule T2"),
    "P130": Kind(
        "a certificate of the time stamp ended at {ended}, and no other was made before over a head that covers it",
        "docs/formats/log.md rule T5",
    ),
    "P131": Kind("it is no file of a time stamp that an event names", "docs/formats/log.md rule T1"),
    "P132": Kind(
        "it says that it was recorded at {wall}; time stamps prove that it was {side}", "docs/formats/log.md rule T6"
    ),
    "P133": Kind("what was stamped is no head of this log: {reason}", "docs/formats/log.md rule T1"),
    "P134": Kind("the event says {said} of the time stamp, which says {found}", "docs/formats/log.md rule T4"),
    "P135": Kind("the capture cites a time stamp that the log does not have", "docs/formats/log.md rule T6"),
    "P090": Kind("it is no cosigned head of this log: {reason}", "C2SP tlog-cosignature; docs/formats/log.md rule 26"),
    "P091": Kind(
        "{witness} cosigned a head of {size} events with root {root}, the journal gives {found}: it was written anew",
        "docs/formats/log.md rule 27",
    ),
    "P092": Kind(
        "{witness} cosigned a head of {size} events, the journal holds {found}: it was cut back or put back",
        "docs/formats/log.md rule 27",
    ),
    "P093": Kind("the cosignature of {witness} that the log names is missing", "docs/formats/log.md rule 26"),
    "P094": Kind("the witness {witness} has no head of this log", "docs/formats/log.md rule 27"),
    "P095": Kind(
        "it shows a head of {found} events and cosigned {size}: the witness has lost its state",
        "C2SP tlog-witness; docs/formats/log.md rule 27",
    ),
    "P096": Kind(
        "{witness} holds a head of this log, of {size} events, by a key that the log does not state",
        "docs/formats/log.md rules 21, 27",
    ),
    "P097": Kind("the signature of who acted proves nothing: {reason}", "docs/formats/log.md rule 29"),
    "P098": Kind("a statement about a person's key counts for nothing: {reason}", "docs/formats/log.md rule 28"),
    "P099": Kind(
        "the root key {fingerprint} is not vouched for: {reason}", "docs/formats/log.md rule 30; docs/custody.md"
    ),
    "P100": Kind("the object still is the one from which something was erased", "docs/formats/vault.md rule 13"),
    "P101": Kind("what was erased is still here, or its erasure is not finished", "docs/formats/vault.md rule 14"),
    "P102": Kind("the copy's journal is not the beginning of this log's", "docs/formats/vault.md rule 16"),
    "P103": Kind("the copy held the object when it was checked, and lacks it now", "docs/formats/vault.md rule 17"),
    "P104": Kind("a repair was stopped and is not finished", "docs/formats/vault.md rule 18"),
    "P105": Kind("it belongs to nothing in this workspace", "docs/formats/vault.md rule 19"),
    "P106": Kind("no event speaks of this {what}", "docs/formats/vault.md rule 20"),
    "P107": Kind("the folder is missing", "docs/formats/vault.md rule 19"),
}
"""Every kind of finding by its code."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `path` is relative to the workspace; `item` and `object` are ids, empty where none is concerned."""

    code: str
    text: str
    path: str = ""
    item: str = ""
    object: str = ""

    @property
    def rule(self) -> str:
        """Where the rule that was broken is written."""
        return KINDS[self.code].rule


def problem(code: str, path: str, object_id: str = "", **fields: str) -> Problem:
    """A finding of the kind `code`, with its sentence filled in. Names found on a disk are made safe to print."""
    shown = {name: printable(text) for name, text in fields.items()}
    return Problem(code, KINDS[code].text.format(**shown), printable(path), object=printable(object_id))


def printable(text: str) -> str:
    """The text with everything that is no visible character escaped: controls, bidirectional marks, lone surrogates."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
