"""From a question to whether anything changed: research through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, open_world

TOLD = ["massline.visits.recommendation.answered.v1", "massline.visits.research.followed-up.v1"]
WORDS = "Nobody mended the valve."


async def test_research_leads_to_a_change_that_is_measured_and_public(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        county = await _unit(admin, "county", None)
        township = await _unit(admin, "township", county)
        bureau = await _unit(admin, "bureau", county)
        upper = await admin.engage("upper", "lead", county)
        head = await admin.engage("head", "lead", township)
        keeper = await admin.engage("keeper", "lead", bureau)
        leader_id = (await head.get("/v1/me"))["id"]

        # 1. A lead above asks the township for research; its head draws up a project and begins.
        await upper.post("/v1/research-duties", {"unit_id": township, "year": 2026, "projects": 1, "hours": 6})
        project_id = (await head.post("/v1/research-projects", _project(township, leader_id, clock), expect=201))["id"]
        path = f"/v1/research-projects/{project_id}"
        await head.post(f"{path}/start")

        # 2. The head goes and sees; what was found rests on the visit.
        visit_id, finding_id = await _visit(head, township, leader_id, clock)
        await head.post(f"{path}/field-days", {"on": _day(clock), "hours": 6, "visit_id": visit_id})
        await head.post(f"{path}/links", {"kind": "visit", "id": visit_id})
        links = (await head.post(f"{path}/links", {"kind": "finding", "id": finding_id}))["links"]
        await head.post(f"{path}/results", {"text": WORDS, "evidence": [link["id"] for link in links]})
        said = {"text": "Mend valves within a week.", "addressed_to": bureau}
        recommendation = (await head.post(f"{path}/recommendations", said))["recommendations"][0]["id"]
        answering = f"{path}/recommendations/{recommendation}/adopt"
        await keeper.post(answering, {"by_when": _day(clock, 30)}, expect=404)
        await head.post(f"{path}/report")

        # 3. The bureau adopts it; the change is measured again; what the head owed is met.
        await keeper.post(answering, {"by_when": _day(clock, 30)})
        clock.advance(days=120)
        measured = await head.post(f"{path}/follow-up", _measure(clock))
        assert (measured["state"], measured["follow_up_overdue"]) == ("followed_up", False)

        # 4. It is public from the moment that a lead publishes it, without persons and visits.
        assert (await nobody.get("/v1/research-register"))["items"] == []
        await upper.post(f"{path}/publish")
        (listed,) = (await nobody.get("/v1/research-register"))["items"]
        entry = await nobody.get(f"/v1/research-register/{listed['id']}")
        assert entry["results"] == [{"text": WORDS, "evidence": 2}]
        assert [each["adopted"] for each in entry["recommendations"]] == [True]
        assert (entry["follow_up"]["before"], entry["follow_up"]["after"]) == (2.0, 7.5)
        assert not [id for id in (leader_id, visit_id, finding_id) if id in str(entry)]
        (duty,) = (await upper.get("/v1/research-duties", unit_id=county, year=2026))["items"]
        assert (duty["met"], duty["done"]) == (True, {"projects": 1, "hours": 6.0, "visits": 1, "results": 1})

        # 5. Others are told ids and numbers, and no words.
        told = await eventually(lambda: _both(receiver))
        assert {each["type"] for each in told} == set(TOLD)
        assert not any(WORDS in str(each) or leader_id in str(each) for each in told)


async def _unit(admin: Person, code: str, parent_id: str | None) -> str:
    level = "township" if parent_id else "county"
    made = await admin.post("/v1/units", {"code": code, "name": code, "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


def _day(clock: ManualClock, days: int = 0) -> str:
    return (clock() + timedelta(days=days)).date().isoformat()


def _project(unit_id: str, leader_id: str, clock: ManualClock) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "question": "Why do the upper houses get no water?",
        "population": "Households on the upper line",
        "method": "visits",
        "leader_id": leader_id,
        "starts_on": _day(clock),
        "ends_on": _day(clock, 30),
        "follow_up_on": _day(clock, 150),
        "quota": {"visits": 1, "hours": 6},
    }


async def _visit(head: Person, unit_id: str, leader_id: str, clock: ManualClock) -> tuple[str, str]:
    """The ids of a visit that was made, and of what it found."""
    plan = {"unit_id": unit_id, "purpose": "See the line", "place": "The upper lane", "assignee_id": leader_id}
    visit_id = (await head.post("/v1/visit-plans", {**plan, "starts_at": clock().isoformat()}))["visits"][0]["id"]
    finding = {"title": "No water", "body": "The upper line is dry.", "category": "water"}
    record = {"outcome": "done", "occurred_at": clock().isoformat(), "findings": [finding]}
    recorded = await head.post(f"/v1/visits/{visit_id}/record", record)
    return visit_id, recorded["findings"][0]["id"]


def _measure(clock: ManualClock) -> dict[str, Any]:
    figures = {"indicator": "water.hours", "before": 2, "after": 7.5, "unit_of_measure": "hours a day"}
    return {**figures, "measured_on": _day(clock), "text": "There is water in the evening."}


async def _both(receiver: Receiver) -> list[Any]:
    taken = [delivery.event for delivery in receiver.taken]
    return taken if len(taken) >= len(TOLD) else []
