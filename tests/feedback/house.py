"""One feedback service on a fresh database, a tree of units, and people who call it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import httpx

from shared.auth import ANONYMOUS, Principal, Role
from shared.service import Service
from shared.types import Level
from shared.units import KnownUnit
from tests.support.callers import ServiceClient, principal
from tests.support.clock import ManualClock
from tests.support.databases import everything_in

SPACE = UUID("00000000-0000-7000-8000-000000000000")
TREE = (
    ("province", None, Level.province),
    ("prefecture", "province", Level.prefecture),
    ("county", "prefecture", Level.county),
    ("township", "county", Level.township),
    ("village", "township", Level.grassroots),
    ("neighbour", "township", Level.grassroots),
    ("elsewhere", "prefecture", Level.county),
)


def unit(code: str) -> UUID:
    return uuid5(SPACE, code)


def official(code: str) -> Principal:
    return principal(Role.official, unit(code))


def lead(code: str) -> Principal:
    return principal(Role.lead, unit(code))


def inspector(code: str) -> Principal:
    return principal(Role.inspector, unit(code))


def resident() -> Principal:
    return principal(Role.resident)


def admin() -> Principal:
    return principal(Role.admin)


async def plant(service: Service) -> None:
    """Every unit of the tree, as assessment would have told it."""
    async with service.works.begin() as uow:
        for code, parent, level in TREE:
            parent_id = unit(parent) if parent else None
            known = KnownUnit(unit(code), parent_id, code, f"The {code}", level, code, version=1)
            await uow.know_unit(known)


@dataclass
class House:
    service: Service
    client: ServiceClient
    clock: ManualClock
    speaker: Principal = field(default_factory=resident)

    async def submit(self, *, caller: Principal | None = None, headers: Mapping[str, str] | None = None, **said: Any) -> Any:
        answer = await self.try_submit(caller=caller, headers=headers, **said)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def try_submit(
        self, *, caller: Principal | None = None, headers: Mapping[str, str] | None = None, **said: Any
    ) -> httpx.Response:
        body = opinion(**said)
        return await self.client.post("/v1/opinions", caller=caller or self.speaker, json=body, headers=headers)

    async def case(self, **said: Any) -> str:
        """The id of the case of a new opinion."""
        case_id: str = (await self.submit(**said))["case_id"]
        return case_id

    async def do(self, case_id: str, verb: str, body: Any = None, *, caller: Principal) -> Any:
        answer = await self.try_do(case_id, verb, body, caller=caller)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def try_do(self, case_id: str, verb: str, body: Any = None, *, caller: Principal) -> httpx.Response:
        return await self.client.post(f"/v1/cases/{case_id}/{verb}", caller=caller, json={} if body is None else body)

    async def get(self, path: str, *, caller: Principal, **params: Any) -> Any:
        answer = await self.client.get(path, caller=caller, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def receipt(self, verb: str, body: Any) -> httpx.Response:
        return await self.client.post(f"/v1/receipts/{verb}", caller=ANONYMOUS, json=body)

    async def answered(self, **said: Any) -> str:
        case_id = await self.case(**said)
        await self.do(case_id, "answer", {"text": "The lamp is mended."}, caller=official("village"))
        return case_id

    async def rows(self, statement: str, *values: Any) -> Sequence[asyncpg.Record]:
        rows: Sequence[asyncpg.Record] = await self.service.database.pool.fetch(statement, *values)
        return rows

    async def everything(self) -> list[tuple[str, str]]:
        """(table.column, value) of every value in the database but the names of units, as text."""
        found = await everything_in(self.service.database.pool)
        return [(place, value) for place, value in found if not place.startswith("known_units.")]

    async def events(self, case_id: str | None = None) -> list[tuple[str, str]]:
        """(short type, data) of what waits in the outbox, in order; in its newest version what is told in several."""
        rows = await self.rows("SELECT type, key, data FROM outbox ORDER BY position")
        return [
            (row["type"].removeprefix("massline.feedback.").rpartition(".v")[0], row["data"])
            for row in rows
            if (case_id is None or str(row["key"]) == case_id) and row["type"] not in SUPERSEDED
        ]

    async def told(self, case_id: str) -> list[str]:
        return [type for type, _ in await self.events(case_id)]


SUPERSEDED = frozenset({"massline.feedback.clock.breached.v1", "massline.feedback.case.escalated.v1"})


def opinion(**said: Any) -> dict[str, Any]:
    plain = {
        "channel": "public_opinion",
        "title": "The lamp is broken",
        "body": "It has been dark at the well for a month.",
        "unit_id": unit("village"),
    }
    return {name: str(value) if isinstance(value, UUID) else value for name, value in {**plain, **said}.items()}


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}
