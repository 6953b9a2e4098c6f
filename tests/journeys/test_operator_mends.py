"""An event that cannot be applied is parked, seen, mended and replayed by an operator through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from shared import inbox, outbox
from shared.bus import Bus
from shared.events.visits import FindingReported
from shared.ids import new_id
from shared.service import Service
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import World, open_world

PARKED = "/v1/operations/feedback/parked-events"


async def test_a_parked_event_is_listed_mended_and_replayed(databases: Databases, bus: Bus) -> None:
    async with open_world(databases, bus) as world:
        admin = await world.sign_in()
        unit = await admin.post("/v1/units", {"code": "mill", "name": "Mill", "level": "county", "parent_id": None})
        good = _finding(unit["id"])
        event_id = await _publish_without_its_data(_service(world, "visits"), good)

        async def listed() -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = await admin.get(PARKED)
            return rows

        (parked,) = await eventually(listed)
        assert parked["event_id"] == event_id
        assert parked["cause"].startswith("MalformedEvent: massline.visits.finding.reported.v1")
        assert "data" not in parked

        refused = await admin.post(f"{PARKED}/{event_id}/replay", expect=409)
        assert refused["type"] == "urn:massline:problem:replay-failed"
        assert (await listed())[0]["attempts"] == parked["attempts"] + 1

        await _mend(_service(world, "feedback"), good)
        assert await admin.post(f"{PARKED}/{event_id}/replay") == {"event_id": event_id, "replayed": True}
        assert await listed() == []
        (case,) = (await admin.get("/v1/cases", unit_id=unit["id"]))["items"]
        assert case["finding_id"] == str(good.finding_id)

        await admin.post(f"{PARKED}/{event_id}/replay", expect=404)
        await world.nobody.post(f"{PARKED}/{event_id}/replay", expect=401)


def _service(world: World, name: str) -> Service:
    return next(service for service in world.product.services if service.name == name)


def _finding(unit_id: str) -> FindingReported:
    return FindingReported.model_validate(
        {
            "finding_id": uuid4(),
            "visit_id": uuid4(),
            "unit_id": unit_id,
            "category": "water",
            "sponsor_id": uuid4(),
            "reported_at": datetime.now(UTC),
        }
    )


async def _publish_without_its_data(visits: Service, finding: FindingReported) -> str:
    """As a producer with a fault would: the envelope is right, the facts are missing."""
    row = outbox.row(finding, id=new_id(), time=datetime.now(UTC), traceparent="")
    async with visits.works.begin() as uow:
        await uow.session.execute(outbox.INSERT, {**row, "data": "{}"})
        uow.wakes.add(outbox.CHANNEL)
    return str(row["id"])


async def _mend(feedback: Service, finding: FindingReported) -> None:
    async with feedback.works.begin() as uow:
        await uow.session.execute(inbox.parked_events.update().values(data=finding.model_dump_json()))
