"""The feedback service, alone: its API process, a tree of units, and callers with the gateway's signature."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx

from bench.generate import generate
from bench.load import Plan
from bench.parts.product import INTERNAL_SECRET, migrated
from bench.processes import Server, serving_product
from bench.requests import opinion, post
from bench.stage import Stage
from shared.auth import CREDENTIAL_HEADER, Credentials, Principal, Role
from shared.db import Database
from shared.ids import new_id
from shared.types import Level
from shared.units import KnownUnit, project_unit

LEVELS = (Level.province, Level.prefecture, Level.county, Level.township)
GRASSROOTS = 17
RESIDENTS = 64
CASES = 25
BACKLOG, BACKLOG_SECONDS, CONNECTIONS = 5_000, 3.0, 64


@dataclass(frozen=True)
class Feedback:
    """`residents` take turns in speaking to `units`; the `official` is of another one, where little is said."""

    server: Server
    database_url: str
    units: Sequence[UUID]
    residents: Sequence[Principal]
    official: Principal

    def headers(self, caller: Principal) -> dict[str, str]:
        """A credential lives for two minutes: make it anew for each round."""
        return {CREDENTIAL_HEADER: Credentials(INTERNAL_SECRET).issue(caller)}

    def submissions(self) -> list[bytes]:
        """Every resident speaks in turn, to every unit in turn."""
        return [
            post("/v1/opinions", opinion(self.units[number % len(self.units)]), self.headers(resident))
            for number, resident in enumerate(self.residents)
        ]


@asynccontextmanager
async def feedback(stage: Stage) -> AsyncIterator[Feedback]:
    async with migrated(stage, "feedback", "feedback") as environment:
        units = await plant_tree(environment["MASSLINE_FEEDBACK_DATABASE_URL"])
        residents = [Principal(Role.resident, account_id=uuid4()) for _ in range(RESIDENTS)]
        official = Principal(Role.official, account_id=uuid4(), unit_id=units.pop())
        async with serving_product("feedback", environment, stage.folder / "feedback.log") as server:
            yield Feedback(server, environment["MASSLINE_FEEDBACK_DATABASE_URL"], units, residents, official)


@asynccontextmanager
async def cases(stage: Stage) -> AsyncIterator[list[str]]:
    """Ids of the official's cases, oldest first, with thousands of newer ones of other units on top, as in a real database."""
    service = await stage.use(feedback)
    async with httpx.AsyncClient(base_url=service.server.url, trust_env=False, timeout=30) as http:
        ids = [await _open_case(http, service) for _ in range(CASES)]
    await generate(Plan(service.server.port, CONNECTIONS, BACKLOG_SECONDS, BACKLOG, expect=201, requests=service.submissions()))
    yield ids


async def _open_case(http: httpx.AsyncClient, service: Feedback) -> str:
    assert service.official.unit_id is not None
    headers = {**service.headers(service.residents[0]), "Content-Type": "application/json"}
    answer = await http.post("/v1/opinions", content=opinion(service.official.unit_id), headers=headers)
    answer.raise_for_status()
    case_id: str = answer.json()["case_id"]
    return case_id


async def plant_tree(url: str) -> list[UUID]:
    """Five levels, as if assessment had told of them; returns the grassroots units."""
    tree: list[KnownUnit] = []
    for level in LEVELS:
        tree.append(_unit(level, level.value, tree[-1] if tree else None))
    leaves = [_unit(Level.grassroots, f"village-{number:02d}", tree[-1]) for number in range(GRASSROOTS)]
    async with Database(url) as database, database.session() as session:
        for unit in tree + leaves:
            await project_unit(session, unit)
        await session.commit()
    return [leaf.id for leaf in leaves]


def _unit(level: Level, code: str, parent: KnownUnit | None) -> KnownUnit:
    path = f"{parent.path}/{code}" if parent else code
    return KnownUnit(
        id=new_id(), parent_id=parent.id if parent else None, code=code, name=code, level=level, path=path, version=1
    )
