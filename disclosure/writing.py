"""Writing a package into a bag: evidence and log below `data/`, aids for readers beside it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from typing import BinaryIO

from casefile.canonical import canonical_json
from casefile.digests import Digest, algorithm_of, hex_of
from casefile.errors import DigestMismatch
from disclosure.bag import MD5, Bag, Written
from disclosure.contents import Contents, HeldCapture, HeldEvent, HeldItem
from disclosure.custody_pdf import custody_pdf
from disclosure.index import CONTENT, fingerprints_csv, index_csv, leaving_path
from disclosure.pages import custody_page, index_page, report_page
from disclosure.premis import premis
from disclosure.readme import readme
from disclosure.statements import statement
from disclosure.telling import Told

CHECKER = "check_package.py"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
INDEX_DIGITS = 16
"""So that names sort as indices do."""
OBJECTS = "data/objects"
ROOT_DECLARATION = b"ocfl_1.1\n"
VIEWABLE: Mapping[str, str] = {
    "application/pdf": ".pdf",
    "audio/aac": ".aac",
    "audio/flac": ".flac",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "text/plain": ".txt",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
}
"""Types of content that have a viewer which runs nothing, and the endings that it is opened by."""
TAG_MANIFESTS = ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a vault's object, or its derivative: its path below it, the digest it must have, how to open it."""

    path: str
    digest: Digest
    open: Callable[[], AbstractContextManager[BinaryIO]]


Files = Callable[[HeldCapture], Iterator[Source]]


def write_documents(bag: Bag, contents: Contents, md5: Mapping[str, str]) -> None:
    """Everything but objects and manifests. `md5` is what `write_objects` gave, of all volumes."""
    told, viewing = Told(contents), _viewing(contents)
    _write_log(bag, contents)
    bag.add("data/package.json", contents.description())
    bag.add("data/premis.xml", premis(told))
    bag.add("index.csv", index_csv(told, md5))
    bag.add("fingerprints.csv", fingerprints_csv(told))
    bag.add("index.html", index_page(told, viewing))
    bag.add("custody.html", custody_page(told))
    bag.add("custody.pdf", custody_pdf(told))
    for item in contents.items:
        bag.add(f"reports/{item.number}.html", report_page(told, item))
        bag.add(f"statements/{item.number}.txt", statement(told, item))
    checker = bag.add(CHECKER, files("disclosure").joinpath(CHECKER).read_bytes())
    bag.add("README.txt", readme(contents, checker.digests["sha256"]))


def _viewing(contents: Contents) -> dict[str, str]:
    """The copies for looking at that are in this very package, by the item's id."""
    here = {one.id for one in contents.captures if contents.holds(one)}
    return {one.id: path for one in contents.items if one.capture in here and (path := viewing_path(one))}


def viewing_path(item: HeldItem) -> str:
    """The place of an item's copy for looking at; empty for what a viewer would carry out, such as a page."""
    ending = VIEWABLE.get(item.media_type, "")
    leaves = len(item.files) == 1 and leaving_path(item, item.files[0])
    return f"viewing/{item.number}{ending}" if ending and leaves else ""


def labels(contents: Contents) -> Mapping[str, str]:
    """bag-info.txt but for the lengths."""
    volumes = contents.volumes
    group = {"Bag-Group-Identifier": volumes.whole} if volumes is not None else {}
    count = {"Bag-Count": f"{contents.number} of {len(volumes.ids)}"} if volumes is not None else {}
    return {
        "Source-Organization": f"Casefile investigation {contents.log}",
        "External-Description": f"{len(contents.items)} items with their record, for {_line(contents.recipient)}",
        "External-Identifier": contents.package,
        "Bagging-Date": contents.made_at[:10],
        "Bag-Software-Agent": "Casefile",
        **group,
        **count,
    }


def signed_text(contents: Contents, written: Mapping[str, Written]) -> str:
    """What the log's key signs over a package: what it is, at which head, and the sha512 of both tag manifests."""
    head = f"{contents.size} {base64.b64encode(contents.root).decode('ascii')}"
    lines = ["casefile package", f"package {contents.package}", f"log {contents.log}", f"head {head}"]
    lines += [f"{name} sha512:{written[name].digests['sha512']}" for name in TAG_MANIFESTS]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def write_objects(bag: Bag, contents: Contents, sources: Files) -> Mapping[str, str]:
    """The objects of a package as they are in the vault; the md5 of each file that is an item by itself, by its id.

    Raises DigestMismatch for a file of the vault that is not what was sealed.
    """
    viewing = _viewing(contents)
    single = {(one.capture, leaving_path(one, one.files[0])): one.id for one in contents.items if len(one.files) == 1}
    md5: dict[str, str] = {}
    bag.add(f"{OBJECTS}/0=ocfl_1.1", ROOT_DECLARATION)
    for capture in filter(contents.holds, contents.captures):
        for source in sources(capture):
            item, path = single.get((capture.id, source.path), ""), f"data/{capture.place}/{source.path}"
            with source.open() as stream:
                extra = [MD5] if item else []
                written = bag.copy(path, stream, *extra, twin=viewing.get(item, ""))
            _require(source, written)
            if item and source.path.startswith(CONTENT):
                md5[item] = written.digests[MD5]
    return md5


def _require(source: Source, written: Written) -> None:
    algorithm, stated = algorithm_of(source.digest), hex_of(source.digest)
    if written.digests[algorithm] != stated:
        raise DigestMismatch(source.path, algorithm, stated, written.digests[algorithm])


def _write_log(bag: Bag, contents: Contents) -> None:
    bag.add("data/log/checkpoint", contents.checkpoint)
    bag.add("data/log/entries.jsonl", b"".join(event.content + b"\n" for event in contents.events))
    bag.add("data/log/parts.jsonl", b"".join(line + b"\n" for event in contents.events for line in _parts(event)))
    for anchor in contents.anchors:
        folder = f"data/anchors/{anchor.size:0{INDEX_DIGITS}d}"
        for name, content in sorted(anchor.files.items()):
            bag.add(f"{folder}/{name}", content)
        hashes = [base64.b64encode(one).decode("ascii") for one in anchor.path]
        bag.add(f"{folder}/consistency", "".join(f"{one}\n" for one in hashes).encode("ascii"))
    for event in contents.events:
        path = f"data/log/proofs/{event.index:0{INDEX_DIGITS}d}.tlog-proof"
        bag.add(path, _proof(event) + contents.checkpoint)


def _parts(event: HeldEvent) -> Iterator[bytes]:
    for part in event.parts:
        said = {"content": part.content.decode("utf-8"), "event": part.event, "part": part.name.value}
        yield canonical_json({**said, "salt": part.salt.hex()})


def _proof(event: HeldEvent) -> bytes:
    """C2SP tlog-proof, up to the head."""
    hashes = [base64.b64encode(one).decode("ascii") for one in event.path]
    return "\n".join([PROOF_HEADER, f"index {event.index}", *hashes, "", ""]).encode("ascii")
