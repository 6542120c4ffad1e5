"""Which WARC records one exchange becomes."""

from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime

from casefile.clock import rfc3339
from casefile.vocabulary import Fidelity
from collectors.http.exchange import Answer
from collectors.http.warc import FIELDS, Part, Record, WarcWriter, new_record_id, warc_fields
from collectors.tls import TlsFacts
from collectors.wacz.writing import warcinfo_fields

SOFTWARE = "casefile http/1"


def write_info(warc: WarcWriter, user_agent: str) -> None:
    """The warcinfo record. It names no machine and no person: those are in the capture's own record."""
    fields = {**warcinfo_fields(SOFTWARE, Fidelity.WIRE), "http-header-user-agent": user_agent}
    warc.write(Record("warcinfo", rfc3339(datetime.now(UTC)), FIELDS, (warc_fields(fields),)))


def write_answer(warc: WarcWriter, answer: Answer) -> None:
    """Request, response and metadata; what came before or behind the message stays apart from it.

    WARC-Payload-Digest is left out where the body is chunked or cut: the standard means the body without chunk
    framing, and readers that check it compare with the framing left in.
    """
    response_id = new_record_id()
    facts = _facts(answer)
    if answer.tls is not None:
        facts["tls-chain"] = _write_chain(warc, answer, answer.tls)
    common = (("WARC-Target-URI", answer.locator.text), *_address(answer.exchange.peer))
    started, ended = answer.exchange.started_at, answer.exchange.ended_at
    beside = (*common, ("WARC-Concurrent-To", response_id))
    warc.write(Record("request", started, "application/http;msgtype=request", (answer.request,), beside))
    headers = list(common)
    cut = answer.problem.warc_reason if answer.problem is not None else ""
    if cut:
        headers.append(("WARC-Truncated", cut))
    elif not answer.head.chunked:
        headers.append(("WARC-Payload-Digest", answer.payload_sha256))
    response = Record(
        "response", started, "application/http;msgtype=response", answer.response, tuple(headers), response_id
    )
    warc.write(response)
    extras: list[tuple[str, Part]] = [
        ("application/http;msgtype=response", answer.interim),
        ("application/octet-stream", answer.surplus),
        (FIELDS, warc_fields(facts)),
    ]
    for content_type, part in extras:
        if part:
            warc.write(Record("metadata", ended, content_type, (part,), beside))


def _write_chain(warc: WarcWriter, answer: Answer, tls: TlsFacts) -> str:
    """The record with the certificates that the site showed, in the form of the recorder's; its id.

    Not under the address of the page: replay would show it for the page.
    """
    record_id = new_record_id()
    content = "".join(map(ssl.DER_cert_to_PEM_cert, tls.chain)).encode("ascii")
    place = f"urn:certificates:{answer.locator.scheme}://{answer.locator.host_and_port}/"
    named = (("WARC-Target-URI", place), *_address(answer.exchange.peer))
    kind = "application/pem-certificate-chain"
    warc.write(Record("resource", answer.exchange.started_at, kind, (content,), named, record_id))
    return record_id


def _facts(answer: Answer) -> dict[str, str]:
    facts = {
        "started": answer.exchange.started_at,
        "ended": answer.exchange.ended_at,
        "peer": answer.exchange.peer,
        "length": answer.exchange.length,
        "wire-bytes": str(answer.exchange.wire_bytes),
        "payload-digest": answer.payload_sha256,
    }
    if answer.problem is not None:
        facts["problem"] = f"{answer.problem.cause}: {answer.problem.detail}"
    if answer.tls is not None:
        facts["tls-version"] = answer.tls.version
        facts["tls-cipher"] = answer.tls.cipher
        facts["tls-certificate-digest"] = answer.tls.certificate_sha256
        facts["tls-certificate"] = base64.b64encode(answer.tls.certificate).decode("ascii")
    return facts


def _address(peer: str) -> tuple[tuple[str, str], ...]:
    host = peer.rpartition(":")[0].strip("[]")
    return (("WARC-IP-Address", host),) if host else ()
