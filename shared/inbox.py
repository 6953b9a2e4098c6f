"""The inbox: which events this service has applied, so that delivery at least once has its effect exactly once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, Table, Uuid, delete, func, select, update
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import kernel_metadata
from shared.errors import NotFound
from shared.events.envelope import Record

inbox = Table(
    "inbox",
    kernel_metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)

parked_events = Table(
    "parked_events",
    kernel_metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("type", SqlText, nullable=False),
    Column("key", Uuid, nullable=False),
    Column("time", DateTime(timezone=True), nullable=False),
    Column("topic", SqlText, nullable=False),
    Column("data", SqlText, nullable=False),
    Column("traceparent", SqlText, nullable=False, server_default=""),
    Column("cause", SqlText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)

KEPT = timedelta(days=30)
"""Longer than any topic keeps its events: what can be delivered again is still known."""


async def claim(session: AsyncSession, event_ids: Iterable[UUID]) -> set[UUID]:
    """Mark events as applied in this transaction; returns those that were not before."""
    statement = insert(inbox).values([{"event_id": event_id} for event_id in event_ids])
    rows = await session.scalars(statement.on_conflict_do_nothing().returning(inbox.c.event_id))
    return set(rows)


async def park(session: AsyncSession, record: Record, *, cause: str, attempts: int) -> None:
    """Set an event aside with its cause, and count it as handled: the ones behind it go on, and a redelivery finds it done.

    Only a replay takes it up again.
    """
    if not await claim(session, [record.id]):
        return
    values = {
        "event_id": record.id,
        "type": record.type,
        "key": record.key,
        "time": record.time,
        "topic": record.topic,
        "data": record.data.decode(errors="backslashreplace").replace("\x00", "\\x00"),
        "traceparent": record.traceparent,
        "cause": cause,
        "attempts": attempts,
    }
    await session.execute(insert(parked_events).values(values))


async def unpark(session: AsyncSession, event_id: UUID) -> Record:
    """Take a parked event out of its place, to apply it in this transaction. Raises `NotFound`."""
    found = await session.execute(delete(parked_events).where(parked_events.c.event_id == event_id).returning(parked_events))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("parked-event-not-found", "No event with this id is parked here.")
    return Record(
        id=row["event_id"],
        type=row["type"],
        key=row["key"],
        time=row["time"],
        topic=row["topic"],
        data=row["data"].encode(),
        traceparent=row["traceparent"],
    )


async def note_attempt(session: AsyncSession, event_id: UUID, *, cause: str) -> None:
    """Keep what a failed replay said."""
    changed = {"cause": cause, "attempts": parked_events.c.attempts + 1}
    await session.execute(update(parked_events).where(parked_events.c.event_id == event_id).values(changed))


async def parked(session: AsyncSession, *, limit: int) -> Sequence[dict[str, object]]:
    """The oldest parked events, oldest first."""
    columns = [column for column in parked_events.c if column.name != "data"]
    rows = await session.execute(select(*columns).order_by(parked_events.c.parked_at, parked_events.c.event_id).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def forget_applied(session: AsyncSession, *, now: datetime) -> None:
    """Drop inbox rows that no redelivery can need any more."""
    await session.execute(delete(inbox).where(inbox.c.applied_at < now - KEPT))
