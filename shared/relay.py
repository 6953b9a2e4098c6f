"""The relay: moves events from the outbox to the bus, in order, and removes a row only when the bus has it.

One relay is active per service (advisory lock); the others stand by. It is woken by the commit and polls only as a net.
"""

import asyncio
from zlib import crc32

import asyncpg
import structlog

from shared.bus import Bus, BusUnavailable
from shared.db import Database, is_outage
from shared.events.envelope import Record
from shared.outbox import CHANNEL

log = structlog.get_logger(__name__)

BATCH = 500
POLL = 1.0
STANDBY_PAUSE = 1.0
BUS_PAUSE = 0.5

NEXT = "SELECT position, id, topic, type, key, time, data, traceparent FROM outbox ORDER BY position LIMIT $1"
REMOVE = "DELETE FROM outbox WHERE position = ANY($1::bigint[])"
LOCK = crc32(b"massline relay")


class Relay:
    """Run `run()` as a task. Raises nothing but cancellation: an absent database or bus is waited for."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._wakeup = database.wakeup(CHANNEL)
        self.active = False

    async def run(self) -> None:
        while True:
            try:
                await self._while_active()
            except Exception as error:
                if not is_outage(error):
                    log.exception("relay failed, starting again")
            await asyncio.sleep(STANDBY_PAUSE)

    async def _while_active(self) -> None:
        """The lock lives and dies with its connection, and all work is done on that connection."""
        connection = await asyncpg.connect(self._database.dsn)
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                return
            self.active = True
            while True:
                if not await self._relay_batch(connection):
                    await self._wakeup.wait(POLL)
        finally:
            self.active = False
            connection.terminate()

    async def _relay_batch(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        rows = await connection.fetch(NEXT, BATCH)
        if not rows:
            return False
        try:
            await self._bus.publish([_record(row) for row in rows])
        except BusUnavailable as error:
            log.warning("bus away, events wait in the outbox", error=str(error), cause=repr(error.__cause__))
            await asyncio.sleep(BUS_PAUSE)
            return True
        await connection.execute(REMOVE, [row["position"] for row in rows])
        return True


def _record(row: asyncpg.Record) -> Record:
    return Record(
        id=row["id"],
        type=row["type"],
        key=row["key"],
        time=row["time"],
        topic=row["topic"],
        data=row["data"].encode(),
        traceparent=row["traceparent"],
    )
