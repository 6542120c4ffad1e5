"""Lists of hashes are read as their tools write them, and hold nothing but hashes."""

from __future__ import annotations

import pytest

from verification import hash_lists
from verification.hash_lists import read_list, write_list

ONE, OTHER = "f8" * 32, "0a" * 32


def test_each_form_of_a_line_is_a_hash_and_others_are_told() -> None:
    lines = [
        f"pdq {ONE}",
        OTHER.upper() + "\r\n",
        f"{ONE},100,holiday.jpg",
        "",
        "# from a partner",
        ONE[:-1],
        f"md5 {ONE}",
        f"{OTHER}00",
        "pdq " + "g" * 64,
        f"{ONE} {'x' * hash_lists.LONGEST_LINE}",
    ]
    found = read_list(lines)
    assert found.hashes == (ONE, OTHER)
    assert found.refused == (6, 7, 8, 9, 10)


def test_a_list_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_lists, "MOST_LINES", 3)
    assert read_list([ONE] * 3).hashes == (ONE,)
    with pytest.raises(ValueError, match="more than 3"):
        read_list([ONE] * 4)


def test_a_list_holds_each_hash_once_in_an_order_of_its_own_and_nothing_else() -> None:
    written = write_list([ONE, OTHER, ONE])
    assert written == f"pdq {OTHER}\npdq {ONE}\n"
    assert read_list(written.splitlines()).hashes == (OTHER, ONE)
