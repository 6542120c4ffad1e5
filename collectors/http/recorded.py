"""The worker that makes a WARC of what the broker's recorder kept: every request and response as they passed.

The spool is what hostile sites sent, so it is read here, in containment, and not by the recorder. What is no message
of HTTP/1.1 is kept beside as the bytes that it is; nothing is left out but bodies that the capture holds as a file.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from casefile.canonical import Json
from casefile.clock import rfc3339
from casefile.model import readable
from casefile.vocabulary import Fidelity
from collectors.http.extracting import Answered, take_bodies
from collectors.http.messages import Conversation, Message, Stream, conversations
from collectors.http.recorded_answer import (
    WACZ_FILE,
    WARC_FILE,
    WORTH_REFERRING_BYTES,
    ArchivedPage,
    WarcMade,
    WarcRequest,
)
from collectors.http.warc import FIELDS, Part, Record, WarcWriter, new_record_id, warc_fields
from collectors.wacz.writing import NotArchivable, Page, WarcFile, warcinfo_fields, write_wacz
from collectors.withheld import WITHHELD, withhold, withhold_bytes
from containment.spool import Kind, read_frames

SOFTWARE = "casefile recorder/1"
REQUEST, RESPONSE = "application/http;msgtype=request", "application/http;msgtype=response"
OCTETS = "application/octet-stream"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
"""WARC/1.1 section 6.7.2."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Connection:
    """One recorded connection. The facts are the recorder's own."""

    up: Stream
    down: Stream
    opened: Mapping[str, Any] = field(default_factory=dict)
    secured: Mapping[str, Any] = field(default_factory=dict)
    ended: Mapping[str, Any] = field(default_factory=dict)
    began_us: int = 0
    last_us: int = 0

    @property
    def place(self) -> str:
        host, port = str(self.opened["host"]), int(self.opened["port"])
        named = f"[{host}]" if ":" in host else host
        usual = {"http": 80, "https": 443}[self.opened["scheme"]]
        return f"{self.opened['scheme']}://{named}" + ("" if port == usual else f":{port}")

    def facts(self) -> dict[str, str]:
        host = str(self.opened["address"])
        facts = {
            "started": _date(self.began_us),
            "ended": _date(self.last_us),
            "peer": f"[{host}]:{self.opened['port']}"
            if ":" in host
            else f"{host or 'not known'}:{self.opened['port']}",
            "client-end": str(self.ended.get("client", "")) or "not seen",
            "server-end": str(self.ended.get("server", "")) or "not seen",
        }
        facts |= {name: str(self.ended[name]) for name in ("broken", "lost") if self.ended.get(name)}
        if self.secured:
            leaf = bytes.fromhex(self.secured["chain"][0])
            facts["tls-version"] = str(self.secured["version"])
            facts["tls-cipher"] = str(self.secured["cipher"])
            facts["tls-certificate-digest"] = "sha256:" + hashlib.sha256(leaf).hexdigest()
            facts["tls-roots"] = str(self.secured["roots"])
        return facts


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Write the WARC of `request` (WarcRequest) below `out`; the answer is a WarcMade."""
    asked = WarcRequest.model_validate(request)
    path = inputs / asked.spool
    (out / WARC_FILE).parent.mkdir()
    with path.open("rb") as frames, path.open("rb") as content:
        connections = _connections(path, frames, content)
        warc = WarcWriter(out / WARC_FILE)
        try:
            making = _Making(warc, asked)
            made = making.make(connections)
        finally:
            warc.close()
        bodies = take_bodies(making.answers, asked.wanted, out, asked.max_body_bytes)
    file = _archived(out, asked.page) if asked.page is not None else WARC_FILE
    return made.model_copy(update={"bodies": tuple(bodies), "file": file}).plain()


def _archived(out: Path, page: ArchivedPage) -> str:
    """Put the WARC into a WACZ, and give its path; where none can be made of it, the WARC stays as it is."""
    entry = Page(page.locator, page.time, page.title, page.text)
    try:
        write_wacz(out / WACZ_FILE, [WarcFile(out / WARC_FILE, Fidelity.WIRE)], [entry], created=page.time)
    except NotArchivable:
        (out / WACZ_FILE).unlink(missing_ok=True)
        return WARC_FILE
    (out / WARC_FILE).unlink()
    return WACZ_FILE


def _connections(path: Path, frames: BinaryIO, content: BinaryIO) -> list[_Connection]:
    found: dict[int, _Connection] = {}
    for frame in read_frames(frames):
        if frame.kind is Kind.OPENED:
            one = _Connection(Stream(path, content), Stream(path, content), frame.facts, began_us=frame.moment_us)
            found[frame.connection] = one
        one = found[frame.connection]
        one.last_us = frame.moment_us
        match frame.kind:
            case Kind.SECURED:
                one.secured = frame.facts
            case Kind.ENDED:
                one.ended = frame.facts
            case Kind.UP | Kind.DOWN:
                stream = one.up if frame.kind is Kind.UP else one.down
                stream.add(frame.start, frame.length, frame.moment_us)
            case Kind.OPENED:
                continue
    return list(found.values())


class _Making:
    """One WARC while it is being made."""

    def __init__(self, warc: WarcWriter, asked: WarcRequest) -> None:
        self.warc = warc
        self.asked = asked
        self.held = {(one.sha256, one.bytes): one.path for one in asked.held if one.bytes >= WORTH_REFERRING_BYTES}
        self.chains: dict[tuple[str, ...], str] = {}
        self.answers: list[Answered] = []
        self.made: dict[str, Any] = {"connections": 0, "exchanges": 0, "cut": 0, "referred": 0, "unread_bytes": 0}

    def make(self, connections: list[_Connection]) -> WarcMade:
        described = warcinfo_fields(SOFTWARE, Fidelity.WIRE)
        began = _date(connections[0].began_us) if connections else rfc3339(datetime.now(UTC))
        self.warc.write(Record("warcinfo", began, FIELDS, (warc_fields(described),)))
        for one in connections:
            self._add(one)
        return WarcMade(**self.made)

    def _add(self, one: _Connection) -> None:
        self.made["connections"] += 1
        facts = one.facts()
        if one.secured:
            facts["tls-chain"] = self._chain(one)
        said, asked, told = conversations(one.up, one.down)
        for conversation in said:
            self._add_conversation(one, conversation, facts)
        rest = {"up": (one.up, asked), "down": (one.down, told)}
        if not said and all(at == stream.length for stream, at in rest.values()):
            self._metadata(one, (("WARC-Target-URI", one.place + "/"),), facts)
        for way, (stream, at) in rest.items():
            if at < stream.length:
                self.made["unread_bytes"] += stream.length - at
                named = (("WARC-Target-URI", one.place + "/"), *_address(one))
                record_id = new_record_id()
                block = self._block(stream, at, stream.length, sent=way == "up")
                date = _date(stream.moment_us(at))
                self.warc.write(Record("resource", date, OCTETS, block, named, record_id))
                self._metadata(one, (named[0], ("WARC-Refers-To", record_id)), {**facts, "direction": way})

    def _add_conversation(self, one: _Connection, said: Conversation, facts: dict[str, str]) -> None:
        self.made["exchanges"] += 1
        target = withhold(_target(said.request), self.asked.secrets)
        common = (("WARC-Target-URI", one.place + target), *_address(one))
        request_id, response_id = new_record_id(), new_record_id()
        told = {**facts}
        if said.request is not None:
            beside = (*common, ("WARC-Concurrent-To", response_id)) if said.response else common
            headers = (*beside, *self._cut(one, said.request))
            if self.asked.withhold:
                told["withheld"] = WITHHELD
            self._write("request", REQUEST, one.up, said.request, headers, request_id)
        if said.response is not None:
            told |= self._add_response(one, said.response, common, response_id)
            if said.request is not None and said.request.method == "GET":
                answered = one.place + _target(said.request)
                moment_us = one.down.moment_us(said.response.start)
                self.answers.append(Answered(answered, said.response, one.down, moment_us))
        main = response_id if said.response else request_id
        beside = (*common, ("WARC-Concurrent-To", main))
        for interim in said.interim:
            self._write("metadata", RESPONSE, one.down, interim, beside)
        self._metadata(one, beside, told)

    def _add_response(
        self, one: _Connection, response: Message, common: tuple[tuple[str, str], ...], record_id: str
    ) -> dict[str, str]:
        """Write the response, or its head where a file of the capture is its body; what is to be told of it."""
        length = "unverified" if response.framing == "close" else "short" if response.cut else "verified"
        told = {"length": length, "wire-bytes": str(response.end - response.body)}
        cut = self._cut(one, response)
        if cut or response.framing == "chunked":
            # The standard means the body without its framing, and readers that check it leave the framing in.
            self._write("response", RESPONSE, one.down, response, (*common, *cut), record_id)
            return told
        digest = hashlib.sha256()
        for block in one.down.blocks(response.body, response.end):
            digest.update(block)
        told["payload-digest"] = "sha256:" + digest.hexdigest()
        headers = (*common, ("WARC-Payload-Digest", told["payload-digest"]))
        held = self.held.get((told["payload-digest"], response.end - response.body))
        if held is None:
            self._write("response", RESPONSE, one.down, response, headers, record_id)
            return told
        self.made["referred"] += 1
        headers = (*headers, ("WARC-Profile", SAME_PAYLOAD), ("WARC-Truncated", "length"))
        block_parts = one.down.slices(response.start, response.body)
        date = _date(one.down.moment_us(response.start))
        self.warc.write(Record("revisit", date, RESPONSE, block_parts, headers, record_id))
        return {**told, "payload-file": held}

    def _cut(self, one: _Connection, message: Message) -> tuple[tuple[str, str], ...]:
        if not message.cut:
            return ()
        self.made["cut"] += 1
        return (("WARC-Truncated", "unspecified" if one.ended.get("lost") else "disconnect"),)

    def _chain(self, one: _Connection) -> str:
        """The record with the verified chain of a connection; one for all that showed the same."""
        chain = tuple(one.secured["chain"])
        if chain not in self.chains:
            self.chains[chain] = record_id = new_record_id()
            content = "".join(ssl.DER_cert_to_PEM_cert(bytes.fromhex(each)) for each in chain).encode("ascii")
            named = (("WARC-Target-URI", one.place + "/"), *_address(one))
            kind = "application/pem-certificate-chain"
            self.warc.write(Record("resource", _date(one.began_us), kind, (content,), named, record_id))
        return self.chains[chain]

    def _write(  # noqa: PLR0913
        self,
        kind: str,
        content_type: str,
        stream: Stream,
        message: Message,
        headers: tuple[tuple[str, str], ...],
        record_id: str = "",
    ) -> None:
        block = self._block(stream, message.start, message.end, sent=kind == "request")
        self.warc.write(Record(kind, _date(stream.moment_us(message.start)), content_type, block, headers, record_id))

    def _block(self, stream: Stream, begin: int, end: int, *, sent: bool) -> tuple[Part, ...]:
        """The bytes as they passed; of what was sent with an identity's cookies, without their values."""
        if sent and self.asked.withhold:
            return (withhold_bytes(stream.read(begin, end - begin), self.asked.secrets),)
        return stream.slices(begin, end)

    def _metadata(self, one: _Connection, headers: tuple[tuple[str, str], ...], facts: dict[str, str]) -> None:
        block: tuple[Part, ...] = (warc_fields(facts),)
        self.warc.write(Record("metadata", _date(one.last_us), FIELDS, block, headers))


def _target(request: Message | None) -> str:
    """The path of a request as an address may hold it; `/` where there is none to be had."""
    target = request.target if request else "/"
    path = target if target.startswith("/") else "/" + target
    return readable(quote(path, safe="!#$%&'()*+,/:;=?@[]~", encoding="latin-1"), 65_536)


def _address(one: _Connection) -> tuple[tuple[str, str], ...]:
    """The address that was connected; where a proxy chose it, nobody here knows."""
    address = str(one.opened["address"])
    return (("WARC-IP-Address", address),) if address else ()


def _date(moment_us: int) -> str:
    return rfc3339(EPOCH + timedelta(microseconds=moment_us))
