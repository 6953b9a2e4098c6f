"""Keyset pages: `{"items": [...], "next_cursor": ...}`. A cursor is opaque, and a page costs the same however deep it lies."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from shared.errors import Invalid
from shared.types import Limit

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


PageLimit = Annotated[Limit, Query(description="How many at most, 1 to 100.")]
PageCursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]


def encode_cursor(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def decode_cursor(cursor: str | None) -> UUID | None:
    """The id that the page before ended with. Raises `Invalid`."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (ValueError, Base64Error):
        raise Invalid("malformed-cursor", MALFORMED) from None


def seal_cursor(order: str, key: str, last: UUID) -> str:
    """Of a page in another order than that of ids: `key` says where its last row stands in it."""
    return urlsafe_b64encode("\n".join((order, key, str(last))).encode()).rstrip(b"=").decode()


def open_cursor(order: str, cursor: str) -> tuple[str, UUID]:
    """Raises `Invalid` (malformed-cursor, cursor-of-another-order)."""
    try:
        known, key, last = urlsafe_b64decode(cursor.encode("ascii") + b"==").decode().split("\n")
        found = key, UUID(last)
    except (ValueError, Base64Error):
        raise Invalid("malformed-cursor", MALFORMED) from None
    if known != order:
        raise Invalid("cursor-of-another-order", f"This cursor belongs to the order {known}: start without one.")
    return found


MALFORMED = "This cursor is not one that this server gave: start without one."


def cut(rows: Sequence[Row], limit: int, id_of: Callable[[Row], UUID]) -> tuple[Sequence[Row], str | None]:
    """Rows were read with `limit + 1`: the page, and the cursor of the next if there is one."""
    page = rows[:limit]
    return page, encode_cursor(id_of(page[-1])) if len(rows) > limit else None
