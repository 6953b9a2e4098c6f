"""The organisation tree as every service knows it: a projection of assessment's units, held in memory for authorisation.

Authorisation asks "is this unit inside that one?" on every request, so the answer must not cost a query. A unit that is not
known yet may have been registered a moment ago: the directory waits for it before it refuses.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Table, Uuid, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import CHANNEL as WAKEUPS
from shared.db import Database, kernel_metadata
from shared.errors import NotFound
from shared.events.assessment import UnitRegistered
from shared.types import Level

CHANNEL = "massline_units"
PATIENCE = 2.0
LOOK_AGAIN = 0.25

known_units = Table(
    "known_units",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("parent_id", Uuid, nullable=True),
    Column("code", SqlText, nullable=False),
    Column("name", SqlText, nullable=False),
    Column("level", SqlText, nullable=False),
    Column("path", SqlText, nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("version", BigInteger, nullable=False),
)

COLUMNS = ("id", "parent_id", "code", "name", "level", "path", "version")
TREE = f"SELECT {', '.join(COLUMNS)} FROM known_units WHERE active"
CHAIN = f"""
WITH RECURSIVE chain AS (
    {TREE} AND id = $1
    UNION
    SELECT {", ".join(f"above.{column}" for column in COLUMNS)} FROM known_units above JOIN chain ON above.id = chain.parent_id
)
SELECT * FROM chain
"""


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """`path` is the codes from the root down, joined by `/`; `version` grows with every change."""

    id: UUID
    parent_id: UUID | None
    code: str
    name: str
    level: Level
    path: str
    version: int

    @classmethod
    def of(cls, event: UnitRegistered) -> "KnownUnit":
        return cls(
            id=event.unit_id,
            parent_id=event.parent_id,
            code=event.code,
            name=event.name,
            level=event.level,
            path=event.path,
            version=event.version,
        )


class UnitDirectory:
    """The tree in memory. Reads are plain dictionary look-ups; `require` waits for a unit that is on its way."""

    def __init__(self, database: Database, *, patience: float = PATIENCE) -> None:
        self._database = database
        self._patience = patience
        self._units: dict[UUID, KnownUnit] = {}
        self._children: dict[UUID, list[UUID]] = {}
        self._stale = True
        self._loading = asyncio.Lock()
        self._wakeup = database.wakeup(CHANNEL)
        self._wakeup.on_ring(self._mark_stale)

    def _mark_stale(self) -> None:
        self._stale = True

    async def require(self, unit_id: UUID) -> KnownUnit:
        """The unit; waits up to `patience` seconds for one not known yet. Raises `NotFound` (unit-not-found)."""
        unit = await self.find(unit_id)
        if unit is None:
            raise NotFound("unit-not-found", "No unit has this id. List the units with GET /v1/units.")
        return unit

    async def find(self, unit_id: UUID) -> KnownUnit | None:
        """Like `require`, but None when the wait was in vain."""
        await self.refresh()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while not self._rooted(unit_id):
            await self._load_chain(unit_id)
            if self._rooted(unit_id):
                break
            left = deadline - loop.time()
            if left <= 0:
                return None
            await self._wakeup.wait(min(left, LOOK_AGAIN))
        return self._units[unit_id]

    def _rooted(self, unit_id: UUID) -> bool:
        """Known with every unit above it. Units reach a projection in any order, and half a chain would hide who is above."""
        chain = self.chain(unit_id)
        return bool(chain) and chain[-1].parent_id is None

    async def refresh(self) -> None:
        """Read the tree again if it has changed."""
        if not self._stale:
            return
        async with self._loading:
            if self._stale:
                await self._load()

    def get(self, unit_id: UUID | None) -> KnownUnit | None:
        return self._units.get(unit_id) if unit_id else None

    def chain(self, unit_id: UUID) -> list[KnownUnit]:
        """The unit and the units above it, nearest first."""
        found: dict[UUID, KnownUnit] = {}
        unit = self.get(unit_id)
        while unit is not None and unit.id not in found:
            found[unit.id] = unit
            unit = self.get(unit.parent_id)
        return list(found.values())

    def covers(self, upper_id: UUID | None, unit_id: UUID | None) -> bool:
        """Whether `unit_id` is `upper_id` or lies below it."""
        if upper_id is None or unit_id is None:
            return False
        return any(unit.id == upper_id for unit in self.chain(unit_id))

    def subtree(self, upper_id: UUID) -> list[UUID]:
        """The unit and every unit below it."""
        found = {upper_id: None}
        waiting = [upper_id]
        for unit_id in waiting:
            below = [child for child in self._children.get(unit_id, ()) if child not in found]
            found.update(dict.fromkeys(below))
            waiting.extend(below)
        return waiting

    def all(self) -> Iterable[KnownUnit]:
        return self._units.values()

    async def _load(self) -> None:
        self._stale = False
        try:
            rows = await self._database.pool.fetch(TREE)
        except BaseException:
            self._stale = True
            raise
        self._units, self._children = {}, {}
        for row in rows:
            self._add(dict(row))

    async def _load_chain(self, unit_id: UUID) -> None:
        """Not from the session's pool: whoever waits here may hold one of its connections."""
        async with self._loading:
            for row in await self._database.pool.fetch(CHAIN, unit_id):
                self._add(dict(row))

    def _add(self, row: dict[str, Any]) -> None:
        unit = KnownUnit(**{**row, "level": Level(row["level"])})
        if unit.parent_id and unit.id not in self._units:
            self._children.setdefault(unit.parent_id, []).append(unit.id)
        self._units[unit.id] = unit


async def project_unit(session: AsyncSession, unit: KnownUnit) -> None:
    """Keep the newest version of a unit, whatever order versions arrive in."""
    values = {
        "id": unit.id,
        "parent_id": unit.parent_id,
        "code": unit.code,
        "name": unit.name,
        "level": unit.level.value,
        "path": unit.path,
        "version": unit.version,
    }
    statement = insert(known_units).values(values)
    newer = statement.on_conflict_do_update(
        index_elements=["id"], set_=values, where=known_units.c.version < statement.excluded.version
    )
    await session.execute(newer)
    await session.execute(select(func.pg_notify(WAKEUPS, CHANNEL)))
