"""What tests of assessment do over and over: register, adopt, schedule, hear, look."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
from sqlalchemy import select

from services.assessment.dry_runs.actions import advance_dry_run
from shared.auth import Principal, Role
from shared.events.envelope import Event, Record
from shared.ids import new_id
from shared.outbox import outbox
from shared.service import Service
from tests.support.callers import ServiceClient, principal
from tests.support.clock import ManualClock

ADMIN = principal(Role.admin)
Told = TypeVar("Told", bound=Event)
PROBLEM = "urn:massline:problem:"


class Office:
    def __init__(self, service: Service, clock: ManualClock) -> None:
        self.service = service
        self.clock = clock
        self.client = ServiceClient(service)

    async def post(self, path: str, body: Any, caller: Principal = ADMIN) -> Any:
        answer = await self.client.post(path, caller=caller, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def get(self, path: str, caller: Principal = ADMIN, **params: Any) -> Any:
        answer = await self.client.get(path, caller=caller, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def register_unit(self, code: str, level: str = "county", parent: Any = None) -> Any:
        body = {"code": code, "name": f"Unit {code}", "level": level, "parent_id": parent and parent["id"]}
        return await self.post("/v1/units", body)

    async def draft_standard(self, code: str = "basic", **fields: Any) -> Any:
        return await self.post("/v1/standards", a_standard(code, **fields))

    async def try_standard(self, standard: Any, **fields: Any) -> Any:
        """A dry run, to its end."""
        now = self.clock()
        span = {"since": (now - timedelta(days=90)).isoformat(), "until": now.isoformat()}
        path = f"/v1/standards/{standard['id']}/dry-runs"
        run = await self.post(path, {**span, **fields})
        async with self.service.works.begin() as uow:
            while await advance_dry_run(uow):
                pass
        return await self.get(f"{path}/{run['id']}")

    async def activate_standard(self, standard: Any) -> Any:
        path = f"/v1/standards/{standard['id']}/activate"
        answer = await self.client.post(path, caller=ADMIN, json={"reason": "As the comments asked for."})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def adopt_standard(self, code: str = "basic", **fields: Any) -> Any:
        """Active now: drafted a fortnight ago, and tried."""
        self.clock.advance(days=-14)
        standard = await self.draft_standard(code, **fields)
        await self.try_standard(standard)
        self.clock.advance(days=14)
        return await self.activate_standard(standard)

    async def schedule_campaign(
        self, unit: Any, standard: Any, *, code: str = "spring", start: float = 0, days: float = 30
    ) -> Any:
        """`start` in days from now."""
        starts_at = self.clock() + timedelta(days=start)
        body = {
            "code": code,
            "name": "Spring",
            "standard_id": standard["id"],
            "unit_id": unit and unit["id"],
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(days=days)).isoformat(),
        }
        return await self.post("/v1/campaigns", body)

    async def hear(self, events: Iterable[Event]) -> None:
        """As the bus delivers them."""
        await self.service.consumer.deliver([record_of(event) for event in events])

    async def scorecard(self, unit: Any, caller: Principal = ADMIN) -> Any:
        return await self.get(f"/v1/units/{unit['id']}/scorecard", caller)

    async def recorded(self, contract: type[Told]) -> list[Told]:
        """Events of this type that wait in the outbox."""
        async with self.service.database.session() as session:
            rows = await session.scalars(select(outbox.c.data).where(outbox.c.type == contract.type).order_by(outbox.c.position))
            return [contract.model_validate_json(data) for data in rows]


WEIGHTS = {"response": 10, "resolution": 45, "satisfaction": 45}


def a_standard(
    code: str = "basic", *, weights: Any = None, minimum_sample: int = 5, scored: Sequence[str] = (), **fields: Any
) -> dict[str, Any]:
    """The three rates, in a form that a test may change; what inspectors score besides weighs nothing."""
    criteria = [
        {
            "code": name,
            "name": name.capitalize(),
            "weight": weight,
            "source": "measured" if name == "response" else "residents",
            "indicator": name,
            "minimum_sample": minimum_sample,
            "owner": "Letters and calls",
        }
        for name, weight in (weights or WEIGHTS).items()
    ]
    criteria += [{"code": each, "name": each, "weight": 0, "source": "inspector", "owner": "Training"} for each in scored]
    return {"code": code, "name": "Basic", "criteria": criteria, **fields}


def record_of(event: Event, id: UUID | None = None) -> Record:
    return Record(
        id=id or new_id(),
        type=event.type,
        key=event.key,
        time=ManualClock()(),
        topic=event.topic,
        data=event.model_dump_json().encode(),
    )


def assert_problem(answer: httpx.Response, status: int, slug: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if slug:
        assert answer.json()["type"] == PROBLEM + slug


HOSTILE_QUERIES = [
    {"limit": "-1"},
    {"limit": "0"},
    {"limit": "101"},
    {"limit": str(2**63)},
    {"limit": "9" * 5000},
    {"limit": "NaN"},
    {"cursor": "x"},
    {"cursor": "\x00"},
    {"cursor": "é"},
    {"cursor": "A" * 201},
]
"""Refused by every list."""
