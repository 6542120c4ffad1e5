"""Single time stamps: what is believed, what is refused and why, and that no answer does more than be refused."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from preservation import der
from preservation.certificates import CertificateUnusable, read_roots
from preservation.timestamps import MOST_ANSWER_BYTES, Fault, Question, Stamp, TokenRefused, verify

from .authority import POLICY, Certificates, info_of
from .time_cases import AT, World, flip_last

QUESTION = Question(hashlib.sha256(b"a head").digest(), (1 << 63) + 5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(scope="module")
def answer(world: World) -> bytes:
    return world.good.answer(QUESTION.to_bytes())


def stamp_of(content: bytes, by: Certificates, question: Question = QUESTION) -> Stamp:
    return verify(content, question, read_roots(by.roots.read_bytes()))


def fault_of(content: bytes, by: Certificates, question: Question = QUESTION) -> Fault:
    with pytest.raises(TokenRefused) as refused:
        stamp_of(content, by, question)
    return refused.value.fault


def test_a_token_that_openssl_made_is_believed(world: World, answer: bytes) -> None:
    """Its certificates stand in an order that DER does not allow; they are not signed, and taken as they stand."""
    stamp = stamp_of(answer, world.good)
    assert abs(stamp.time.timestamp() - time.time()) < 600
    assert stamp.accuracy is not None
    assert stamp.accuracy.total_seconds() == 1.5
    assert stamp.policy == POLICY
    names = [one.parsed.subject.rfc4514_string() for one in stamp.chain]
    assert names == ["CN=good signer", "CN=good between", "CN=good root"]


def test_the_policy_that_was_asked_for_is_the_one_of_the_token(world: World) -> None:
    asked = replace(QUESTION, policy=POLICY)
    assert stamp_of(world.good.answer(asked.to_bytes()), world.good, asked).policy == POLICY
    assert fault_of(world.good.answer(asked.to_bytes()), world.good, replace(asked, policy="1.2.3.4.9")) is Fault.POLICY


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda world: world.good.answer(replace(QUESTION, nonce=6).to_bytes()), Fault.NONCE),
        (lambda world: world.good.answer(replace(QUESTION, digest=bytes(32)).to_bytes()), Fault.IMPRINT),
        (lambda world: world.other.answer(QUESTION.to_bytes()), Fault.UNTRUSTED),
        (lambda world: flip_last(world.good.answer(QUESTION.to_bytes())), Fault.SIGNATURE),
        (lambda world: world.good.handmade(info_of(QUESTION, AT), bound=False), Fault.SIGNATURE),
        (lambda world: world.good.handmade(info_of(QUESTION, AT, accuracy_s=61)), Fault.ACCURACY),
        (lambda world: world.good.handmade(info_of(QUESTION, "20190601000000Z")), Fault.EXPIRED),
        (lambda world: world.good.handmade(info_of(QUESTION, "20200601000000.50Z")), Fault.MALFORMED),
        (lambda world: world.good.handmade(b""), Fault.MALFORMED),
    ],
)
def test_a_token_is_refused_for_what_is_wrong_with_it(
    world: World, make: Callable[[World], bytes], fault: Fault
) -> None:
    assert fault_of(make(world), world.good) is fault


def test_a_certificate_has_to_be_for_time_stamps_alone_and_say_so_critically(world: World, tmp_path: Path) -> None:
    assert fault_of(world.unfit.handmade(info_of(QUESTION, AT)), world.unfit) is Fault.PURPOSE
    soft = Certificates(tmp_path / "soft", kind="not_critical")
    assert fault_of(soft.handmade(info_of(QUESTION, AT)), soft) is Fault.PURPOSE


def test_a_certificate_that_ended_since_held_at_its_own_time(world: World) -> None:
    assert stamp_of(world.ended.handmade(info_of(QUESTION, AT)), world.ended).time.year == 2020
    assert fault_of(world.ended.answer(QUESTION.to_bytes()), world.ended) is Fault.EXPIRED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"0",
        b"0\x00",
        b"0\x80\x00\x00",
        b"0\x83\xff\xff\xff",
        b"0\x84\x7f\xff\xff\xff" + bytes(64),
        b"\x1f\xff\xff\xff\xff",
        b"0\x82\x00\x05\x30\x03\x02\x01\x00",
        b"0\x82\xff\xfc" * 20_000,
        b"0\x80" * 60_000,
        bytes(MOST_ANSWER_BYTES + 1),
        b"<html>" * 10_000,
        der.element(der.SEQUENCE, der.element(der.SEQUENCE, der.integer(2)), b"0\x00"),
        der.element(der.SEQUENCE, der.element(der.SEQUENCE, der.integer(0))),
    ],
)
def test_what_is_no_answer_is_refused_at_once(world: World, content: bytes) -> None:
    begun = time.process_time()
    assert fault_of(content, world.good) in (Fault.MALFORMED, Fault.NOT_GRANTED)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("rounds", [150, pytest.param(3000, marks=pytest.mark.campaign)])
def test_no_altered_answer_is_believed_otherwise_than_as_it_was_signed(
    world: World, answer: bytes, rounds: int
) -> None:
    """Bytes changed, cut out, doubled: refused, or, where nothing that was signed is touched, believed as before."""
    roots = read_roots(world.good.roots.read_bytes())
    whole = stamp_of(answer, world.good)
    chance = random.Random(3161)
    for _round in range(rounds):
        at, length = chance.randrange(len(answer)), chance.choice((1, 1, 1, 2, 8, 64))
        put = chance.choice((chance.randbytes(length), b"", answer[at : at + length] * 2))
        try:
            found = verify(answer[:at] + put + answer[at + length :], QUESTION, roots)
        except TokenRefused:
            continue
        assert (found.time, found.serial, found.policy) == (whole.time, whole.serial, whole.policy)


def test_certificates_that_name_each_other_in_circles_end_the_search_soon(world: World, answer: bytes) -> None:
    """More certificates than a token may have are not even read."""
    reader = der.inside(der.only(answer, der.SEQUENCE))
    status, token = reader.take(der.SEQUENCE), reader.take(der.SEQUENCE)
    bag = der.element(0xA0, world_chain(world) * 9)
    parts = list(_parts(token))
    made = der.element(der.SEQUENCE, status.whole, _with_bag(parts, bag))
    assert fault_of(made, world.good) is Fault.MALFORMED


def world_chain(world: World) -> bytes:
    return read_roots((world.good.folder / "signer.pem").read_bytes())[0].der


def _parts(token: der.Element) -> list[der.Element]:
    """The elements of the SignedData in a token."""
    reader = der.inside(token)
    reader.take(der.OID)
    data = der.inside(der.only(reader.take(0xA0).content, der.SEQUENCE))
    return [data.take(tag) for tag in (der.INTEGER, der.SET, der.SEQUENCE, 0xA0, der.SET)]


def _with_bag(parts: list[der.Element], bag: bytes) -> bytes:
    wholes = [bag if one.tag == 0xA0 else one.whole for one in parts]
    data = der.element(0xA0, der.element(der.SEQUENCE, *wholes))
    return der.element(der.SEQUENCE, der.identifier("1.2.840.113549.1.7.2"), data)


def test_a_request_is_read_back_as_it_was_written() -> None:
    for asked in (QUESTION, replace(QUESTION, nonce=0), replace(QUESTION, policy="1.3.6.1.4.1.99999.1")):
        assert Question.parse(asked.to_bytes()) == asked
    for content in (b"", QUESTION.to_bytes()[:-1], QUESTION.to_bytes() + b"\0"):
        with pytest.raises(TokenRefused):
            Question.parse(content)


def test_roots_are_certificates() -> None:
    for content in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(CertificateUnusable):
            read_roots(content)
