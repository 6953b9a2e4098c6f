"""From a template to who really spoke: activities through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Delivery, Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TEMPLATE = {
    "code": "water-forum",
    "kind": "forum",
    "levels": ["township"],
    "title": {"en": "Water forum", "zh": "用水论坛"},
    "target_group": "Households on the upper line",
    "expected_effect": {"indicator": "water.hours", "unit_of_measure": "hours a day"},
    "least_days_notice": 7,
}


async def test_an_activity_answers_to_a_need_and_shows_who_spoke(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["massline.visits.activity.held.v1"]})
        county = await _unit(admin, "county", None)
        township = await _unit(admin, "township", county)
        lead = await _engage(world, admin, "lead", county)
        clerk = await _engage(world, admin, "official", township)
        resident = await _engage(world, admin, "resident", None)

        await lead.post("/v1/activity-templates", TEMPLATE, expect=201)
        opinion = {"channel": "public_opinion", "title": "No water", "body": "The upper line is dry.", "unit_id": township}
        case_id = (await resident.post("/v1/opinions", {**opinion, "protection": "named"}))["case_id"]

        # 1. What does not keep to the template is refused; what answers to nothing is flagged.
        hasty = await clerk.post("/v1/activities", _activity(township, clock, days=2), expect=422)
        assert hasty["type"].endswith("notice-too-short")
        forum = await clerk.post("/v1/activities", _activity(township, clock, needs=[_need(case_id)]), expect=201)
        paper = await clerk.post("/v1/activities", _activity(township, clock), expect=201)
        flagged = await lead.get("/v1/activities", unlinked=True)
        assert [item["id"] for item in flagged["items"]] == [paper["id"]]

        # 2. They are held: at one residents speak, at the other nobody but officials.
        clock.advance(days=8)
        for activity, turns in ((forum, (4, 11)), (paper, (12, 1))):
            await clerk.post(f"/v1/activities/{activity['id']}/record", _record(*turns))
        assert (await lead.get(f"/v1/activities/{forum['id']}"))["record"]["one_sided"] is False
        assert (await lead.get(f"/v1/activities/{paper['id']}"))["record"]["official_share"] == 0.923

        # 3. Both show in the sum, and others are told numbers.
        summary = await lead.get("/v1/activities/summary", unit_id=county)
        assert (summary["total"]["share_unlinked"], summary["total"]["one_sided"]) == (0.5, 1)
        told = await eventually(lambda: _both(receiver))
        assert sorted(each["resident_turns"] for each in told) == [1, 11]
        assert not any("water" in str(each) or case_id in str(each) for each in told)


async def _unit(admin: Person, level: str, parent_id: str | None) -> str:
    made = await admin.post("/v1/units", {"code": level, "name": level, "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


async def _engage(world: World, admin: Person, role: str, unit_id: str | None) -> Person:
    await admin.post("/v1/accounts", {"username": role, "password": PASSWORD, "role": role, "unit_id": unit_id})
    return await world.sign_in(role, PASSWORD)


def _need(case_id: str) -> dict[str, str]:
    return {"kind": "case", "id_or_code": case_id}


def _activity(unit_id: str, clock: ManualClock, *, days: int = 8, needs: Any = ()) -> dict[str, Any]:
    starts_at = clock() + timedelta(days=days)
    return {
        "unit_id": unit_id,
        "template_code": TEMPLATE["code"],
        "title": "How the water is shared",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "place": "The hall",
        "target_group": "Households on the upper line",
        "expected_effect": {"indicator": "water.hours", "value": 6},
        "needs": list(needs),
    }


def _record(official_turns: int, resident_turns: int) -> dict[str, Any]:
    turns = {"officials": official_turns, "residents": resident_turns}
    return {"participants": {"officials": 3, "residents": 40}, "turns": turns}


async def _both(receiver: Receiver) -> list[Any]:
    taken: list[Delivery] = receiver.taken
    return [delivery.event["data"] for delivery in taken] if len(taken) >= 2 else []
