"""Ids are passed in, like time."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7

Ids = Callable[[], UUID]


def new_id() -> UUID:
    """A UUIDv7: unique, and sorted by the moment it was made. Of the class in which ids come from the database: such ids
    are made and written in a third of the time."""
    return pgproto.UUID(uuid7().bytes)


def new_id_at(moment: datetime) -> UUID:
    """A UUIDv7 that tells no other time than `moment` (the anonymous path passes the hour, not the millisecond)."""
    return pgproto.UUID(uuid7(nanoseconds=int(moment.timestamp()) * 1_000_000_000).bytes)


def first_id_at(moment: datetime) -> UUID:
    """Sorts before every id that is made at `moment` or later, and after those made before: it bounds a walk by time."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
