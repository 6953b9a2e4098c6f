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
        raise Invalid("malformed-cursor", "This cursor is not one that this server gave: start without one.") from None


def cut(rows: Sequence[Row], limit: int, id_of: Callable[[Row], UUID]) -> tuple[Sequence[Row], str | None]:
    """Rows were read with `limit + 1`: the page, and the cursor of the next if there is one."""
    page = rows[:limit]
    return page, encode_cursor(id_of(page[-1])) if len(rows) > limit else None
