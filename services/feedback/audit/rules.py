"""The chain of the audit log: how an entry is hashed, and where a chain breaks. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Detail = Mapping[str, str | int | bool | None]
"""Codes, ids and numbers, never words: an entry stays for ever."""


class Act(StrEnum):
    """What is written down."""

    cases_exported = "cases_exported"
    identity_requested = "identity_requested"
    identity_approved = "identity_approved"
    identity_rejected = "identity_rejected"
    identity_opened = "identity_opened"
    case_held = "case_held"
    hold_lifted = "hold_lifted"
    retaliation_read = "retaliation_read"


NO_HASH = bytes(32)
"""Stands before the first entry."""


def hash_of(entry: Mapping[str, Any]) -> bytes:
    """SHA-256 of the entry as JSON: the object that GET /v1/audit shows, without `hash`, its keys sorted at every depth, no
    spaces, in UTF-8. `previous` is the hash of the entry before in hexadecimal, 64 zeros before the first, and `at` a
    whole second as `2026-03-02T09:30:15Z`."""
    facts = {name: _written(value) for name, value in entry.items() if name != "hash"}
    written = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).digest()


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value if value is None or isinstance(value, int | dict) else str(value)


def follow(entries: Iterable[Mapping[str, Any]], number: int, head: bytes) -> tuple[int, bytes, int | None]:
    """Walk on from entry `number`, whose hash is `head`: the last entry that holds, its hash, and the number at which the chain
    breaks, None if it does not."""
    for entry in entries:
        holds = entry["number"] == number + 1 and entry["previous"] == head and hash_of(entry) == entry["hash"]
        if not holds:
            return number, head, number + 1
        number, head = entry["number"], entry["hash"]
    return number, head, None
