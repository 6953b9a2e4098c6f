"""The chain: what a hash is of, and where a walk along it stops."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.feedback.audit.rules import NO_HASH, Act, follow, hash_of

ENTRY = {
    "number": 1,
    "id": UUID(int=1),
    "at": datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC),
    "act": Act.identity_opened,
    "by_role": "official",
    "by_unit_id": None,
    "by_account": UUID(int=2),
    "case_id": UUID(int=3),
    "subject_id": None,
    "detail": {"number": 1, "box": True},
    "previous": NO_HASH,
}
WRITTEN = (
    '{"act":"identity_opened","at":"2026-03-02T09:30:15Z","by_account":"00000000-0000-0000-0000-000000000002",'
    '"by_role":"official","by_unit_id":null,"case_id":"00000000-0000-0000-0000-000000000003",'
    '"detail":{"box":true,"number":1},"id":"00000000-0000-0000-0000-000000000001","number":1,'
    f'"previous":"{"0" * 64}","subject_id":null}}'
)


def chain(length: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for number in range(1, length + 1):
        entry = {**ENTRY, "number": number, "previous": entries[-1]["hash"] if entries else NO_HASH}
        entries.append({**entry, "hash": hash_of(entry)})
    return entries


def test_a_hash_is_of_the_entry_as_it_is_written_down_here() -> None:
    assert hash_of(ENTRY).hex() == hashlib.sha256(WRITTEN.encode()).hexdigest()


def test_a_whole_chain_is_followed_to_its_end_in_any_pieces() -> None:
    entries = chain(7)
    assert follow(entries, 0, NO_HASH) == (7, entries[-1]["hash"], None)
    number, head, broken_at = follow(entries[:3], 0, NO_HASH)
    assert follow(entries[3:], number, head) == (7, entries[-1]["hash"], None)
    assert broken_at is None
    assert follow([], 0, NO_HASH) == (0, NO_HASH, None)


def changed(entries: list[dict[str, Any]]) -> None:
    entries[3]["by_role"] = "lead"


def changed_with_its_hash(entries: list[dict[str, Any]]) -> None:
    entries[2]["by_role"] = "lead"
    entries[2]["hash"] = hash_of(entries[2])


def taken_out(entries: list[dict[str, Any]]) -> None:
    del entries[3]


def swapped(entries: list[dict[str, Any]]) -> None:
    entries[3], entries[4] = {**entries[4], "number": 4}, {**entries[3], "number": 5}


def put_in(entries: list[dict[str, Any]]) -> None:
    entries.insert(3, {**entries[3], "detail": {}})


@pytest.mark.parametrize("tamper", [changed, changed_with_its_hash, taken_out, swapped, put_in])
def test_the_first_entry_that_does_not_follow_is_named(tamper: Callable[[list[dict[str, Any]]], None]) -> None:
    entries = chain(7)
    kept = entries[2]["hash"]
    tamper(entries)
    number, _, broken_at = follow(entries, 0, NO_HASH)
    assert (number, broken_at) == (3, 4)
    assert tamper is changed_with_its_hash or follow(entries, 0, NO_HASH)[1] == kept
