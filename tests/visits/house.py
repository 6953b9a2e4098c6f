"""The visits service in a test: open, on its own database, told of units and staff as other services would tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from shared.auth import Principal, Role
from shared.events.assessment import UnitRegistered
from shared.events.envelope import Event, Record
from shared.events.gateway import AccountCreated
from shared.outbox import outbox
from shared.service import Service
from shared.types import Level
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock


def as_record(event: Event, *, id: UUID | None = None) -> Record:
    return Record(
        id=id or uuid4(),
        type=event.type,
        key=event.key,
        time=datetime.now().astimezone(),
        topic=event.topic,
        data=event.model_dump_json().encode(),
    )


def unit(code: str, level: Level, parent: UnitRegistered | None = None) -> UnitRegistered:
    path = f"{parent.path}/{code}" if parent else code
    return UnitRegistered(
        unit_id=uuid4(), parent_id=parent.unit_id if parent else None, code=code, name=code, level=level, path=path, version=1
    )


PROVINCE = unit("province", Level.province)
COUNTY = unit("county", Level.county, PROVINCE)
TOWNSHIP = unit("township", Level.township, COUNTY)
VILLAGE = unit("village", Level.grassroots, TOWNSHIP)
ELSEWHERE = unit("elsewhere", Level.county, PROVINCE)


def caller(role: Role, home: UnitRegistered | None = None) -> Principal:
    return Principal(role, account_id=uuid4(), unit_id=home.unit_id if home else None)


OFFICIAL = caller(Role.official, TOWNSHIP)
COLLEAGUE = caller(Role.official, TOWNSHIP)
VILLAGE_OFFICIAL = caller(Role.official, VILLAGE)
LEAD = caller(Role.lead, COUNTY)
INSPECTOR = caller(Role.inspector, COUNTY)
STRANGER = caller(Role.lead, ELSEWHERE)
ADMIN = caller(Role.admin)
RESIDENT = caller(Role.resident)
STAFF = (OFFICIAL, COLLEAGUE, VILLAGE_OFFICIAL, LEAD, INSPECTOR, STRANGER, ADMIN)


@dataclass
class House:
    service: Service
    client: ServiceClient
    clock: ManualClock

    async def tell(self, *events: Event) -> None:
        await self.service.consumer.deliver([as_record(event) for event in events])

    async def furnish(self) -> None:
        """The tree, and everybody who works in it."""
        await self.tell(PROVINCE, COUNTY, TOWNSHIP, VILLAGE, ELSEWHERE)
        for each in (PROVINCE, COUNTY, TOWNSHIP, VILLAGE, ELSEWHERE):
            await self.service.units.require(each.unit_id)
        await self.tell(*(account(person) for person in STAFF))

    async def told(self, *types: type[Event]) -> list[Any]:
        """The events that wait in the outbox, in order."""
        async with self.service.database.session() as session:
            rows = (await session.execute(select(outbox).order_by(outbox.c.position))).mappings().all()
        return [kind.model_validate_json(row["data"]) for row in rows for kind in types if row["type"] == kind.type]

    async def plan(self, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
        return await self.client.post("/v1/visit-plans", caller=by, json=self.plan_body(**changes))

    def plan_body(self, **changes: Any) -> dict[str, Any]:
        body = {
            "unit_id": str(TOWNSHIP.unit_id),
            "purpose": "See how the water runs",
            "place": "The lower lane",
            "assignee_id": str(OFFICIAL.account_id),
            "starts_at": self.clock().isoformat(),
        }
        return {**body, **changes}

    async def planned(self, **changes: Any) -> dict[str, Any]:
        answer = await self.plan(**changes)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def visit(self, **changes: Any) -> str:
        """The id of a visit planned just now."""
        visits: Sequence[dict[str, str]] = (await self.planned(**changes))["visits"]
        return visits[0]["id"]

    def record_body(self, **changes: Any) -> dict[str, Any]:
        return {"outcome": "done", "occurred_at": self.clock().isoformat(), **changes}

    async def record(self, visit_id: str, *, by: Principal = OFFICIAL, key: str | None = None, **changes: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        path = f"/v1/visits/{visit_id}/record"
        return await self.client.post(path, caller=by, json=self.record_body(**changes), headers=headers)

    async def template(self, **changes: Any) -> dict[str, Any]:
        answer = await self.client.post("/v1/visit-templates", caller=ADMIN, json=template(**changes))
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def read(self, path: str, *, by: Principal = ADMIN, **params: Any) -> Any:
        answer = await self.client.get(path, caller=by, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self, visit_id: str) -> str:
        answer = await self.client.get(f"/v1/visits/{visit_id}", caller=ADMIN)
        state: str = answer.json()["state"]
        return state


def account(person: Principal) -> AccountCreated:
    return AccountCreated(account_id=person.account, role=person.role, unit_id=person.unit_id)


def finding(**changes: Any) -> dict[str, Any]:
    return {"title": "Pressure too low", "body": "The upper houses get none.", "category": "water", **changes}


def question(code: str, **changes: Any) -> dict[str, Any]:
    return {"code": code, "title": {"en": "Does the water run?", "zh": "通水吗？"}, "kind": "yes_no", **changes}


def template(**changes: Any) -> dict[str, Any]:
    options = [{"code": code, "title": {"en": code, "zh": "路"}} for code in ("good", "bad")]
    body = {
        "unit_id": str(COUNTY.unit_id),
        "code": "water-round",
        "title": {"en": "Water round", "zh": "供水走访"},
        "questions": [
            question("running", required=True),
            question("road", kind="choice", options=options),
            question("lamps", kind="number", least=0, most=100),
            question("since", kind="date"),
        ],
    }
    return {**body, **changes}


def promise(**changes: Any) -> dict[str, Any]:
    return {"text": "Send the plumber", "due_on": "2026-03-16", **changes}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


WEEK = timedelta(days=7)
