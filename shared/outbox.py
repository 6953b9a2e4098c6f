"""The outbox: an event is a row written in the transaction of the change it tells, so neither exists without the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Uuid, insert
from sqlalchemy import Text as SqlText
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import copy_in, kernel_metadata
from shared.events.envelope import Event
from shared.ids import Ids

CHANNEL = "massline_outbox"

outbox = Table(
    "outbox",
    kernel_metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("topic", SqlText, nullable=False),
    Column("type", SqlText, nullable=False),
    Column("key", Uuid, nullable=False),
    Column("time", DateTime(timezone=True), nullable=False),
    Column("data", SqlText, nullable=False),
    Column("traceparent", SqlText, nullable=False, server_default=""),
)

INSERT = insert(outbox)
_encode = msgspec.json.Encoder().encode


def row(event: Event, *, id: UUID, time: datetime, traceparent: str) -> dict[str, Any]:
    """The outbox row of an event."""
    return {
        "id": id,
        "topic": event.topic,
        "type": event.type,
        "key": event.key,
        "time": time,
        "data": event.model_dump_json(),
        "traceparent": traceparent,
    }


def rows(
    contract: type[Event], facts: Sequence[Mapping[str, Any]], *, ids: Ids, time: datetime, traceparent: str
) -> list[dict[str, Any]]:
    """The outbox rows of many events of one contract, from the values of its fields in their order: what `row` makes of them, but
    nothing is validated, which saves most of the work. So they have to be of the fields' types already: ids, times in UTC."""
    assert contract.before is Event.before, "this way tells one version"
    assert all(tuple(fact) == tuple(contract.model_fields) for fact in facts[:1])
    same = {"topic": contract.topic, "type": contract.type, "time": time, "traceparent": traceparent}
    return [{**same, "id": ids(), "key": fact[contract.key_field], "data": _encode(fact).decode()} for fact in facts]


async def record(session: AsyncSession, event: Event, *, id: UUID, time: datetime, traceparent: str = "") -> None:
    """Write the event beside the change; it is published once the transaction has committed, and only then."""
    await session.execute(INSERT, row(event, id=id, time=time, traceparent=traceparent))


async def record_all(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many events, made with `row` or `rows`, in their order."""
    await copy_in(session, outbox, rows)
