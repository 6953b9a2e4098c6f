"""The tree of a day, kept as blocks of leaves so that a proof reads one block and the roots of the others. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.feedback.ledger.verifier import leaf_of, node_of
from shared.clock import hour_of

BLOCK = 1024
"""Leaves; a power of two, so that a block is a whole branch of the tree."""
HASH = 32
EMPTY = hashlib.sha256(b"").digest()
"""Root of a day on which nothing was filed."""
GRACE = timedelta(minutes=10)
"""After midnight, for those who are still writing."""


def content_of(channel: str, title: str, body: str, *, unit_id: UUID, filed_at: datetime) -> dict[str, str]:
    """What a speaker can show to have filed: the words, to whom, how, and in which hour."""
    hour = hour_of(filed_at.astimezone(UTC)).isoformat()
    return {"body": body, "channel": channel, "filed_in": hour, "title": title, "unit_id": str(unit_id)}


def day_to_seal(now: datetime) -> date:
    """The newest day that is over."""
    return (now - GRACE).date() - timedelta(days=1)


def blocks_of(commitments: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The leaves of each block."""
    for start in range(0, len(commitments), BLOCK):
        yield [leaf_of(commitment) for commitment in commitments[start : start + BLOCK]]


def root_of(nodes: Sequence[bytes]) -> bytes:
    """Of a branch whose lowest level is `nodes`: the tree of RFC 6962, where the last of an odd level goes up alone."""
    level = nodes
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def path_of(position: int, nodes: Sequence[bytes]) -> list[bytes]:
    """What is missing on the way from the node at `position` to the root, lowest first."""
    path, level = [], nodes
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        position, level = position // 2, _above(level)
    return path


def leaves_in(block: bytes) -> list[bytes]:
    return [block[start : start + HASH] for start in range(0, len(block), HASH)]


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [node_of(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs
