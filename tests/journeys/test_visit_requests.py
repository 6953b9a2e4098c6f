"""Somebody who asks for help asks to be visited, by name or not: the visit is planned, made, or called off again. Through the
gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
ANSWERED = "massline.visits.visit-request.answered.v1"
WORDS = {"channel": "emotional", "title": "I am alone", "body": "Nobody has come since winter.", "wants_visit": True}


async def test_who_asks_to_be_visited_is_visited(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": [ANSWERED]})
        county, township = await _tree(admin)
        official = await _engage(world, admin, "official", township)
        lead = await _engage(world, admin, "lead", county)
        resident = await _engage(world, admin, "resident", None)
        official_id = (await official.get("/v1/me"))["id"]

        # 1. Two ask, one of them anonymously: of that one only the hour is known.
        named = await resident.post("/v1/opinions", {**WORDS, "unit_id": township}, expect=201)
        hidden = await world.nobody.post("/v1/opinions", {**WORDS, "unit_id": township, "protection": "anonymous"}, expect=201)
        wanted = {named["case_id"], hidden["case_id"]}
        requests = await eventually(lambda: _requests(official, wanted))
        asked_at = datetime.fromisoformat(requests[hidden["case_id"]]["requested_at"])
        assert (asked_at.minute, asked_at.second, asked_at.microsecond) == (0, 0, 0)

        # 2. Nobody comes in time; the unit above sees it.
        assert (await lead.get("/v1/visit-requests", overdue=True))["items"] == []
        clock.advance(days=15)
        overdue = (await lead.get("/v1/visit-requests", overdue=True))["items"]
        assert {request["case_id"] for request in overdue} == wanted

        # 3. The visit is planned for the case, and made.
        path = f"/v1/visit-requests/{named['case_id']}"
        planned = await official.post(f"{path}/plan", {"assignee_id": official_id, "starts_at": clock().isoformat()})
        plan = await official.get(f"/v1/visit-plans/{planned['plan_id']}")
        assert plan["need"] == {"kind": "case", "id_or_code": named["case_id"]}
        record = {"outcome": "done", "occurred_at": clock().isoformat()}
        await official.post(f"/v1/visits/{plan['visits'][0]['id']}/record", record)
        await eventually(lambda: _is(lead, path, "visited"))

        # 4. The other takes the case back: nobody is to come.
        path = f"/v1/visit-requests/{hidden['case_id']}"
        planned = await official.post(f"{path}/plan", {"assignee_id": official_id, "starts_at": clock().isoformat()})
        (visit,) = (await official.get(f"/v1/visit-plans/{planned['plan_id']}"))["visits"]
        await world.nobody.post("/v1/receipts/withdraw", {"receipt": hidden["receipt"]})
        await eventually(lambda: _is(lead, path, "withdrawn"))
        assert await _is(official, f"/v1/visits/{visit['id']}", "cancelled")

        # 5. A third goes with its case to the unit above, which says why nobody comes; the case goes on.
        third = await resident.post("/v1/opinions", {**WORDS, "unit_id": township}, expect=201)
        await eventually(lambda: _requests(official, {third["case_id"]}))
        await official.post(f"/v1/cases/{third['case_id']}/hand-over", {"unit_id": county, "reason": "Only you have a doctor."})
        path = f"/v1/visit-requests/{third['case_id']}"
        await eventually(lambda: _owned_by(lead, path, county))
        assert await _requests(official, {third["case_id"]}) == {}
        await lead.post(f"{path}/decline", {"reason": "The doctor is away."})
        assert (await lead.get(f"/v1/cases/{third['case_id']}"))["state"] == "received"

        told = await eventually(lambda: _told(receiver, 2))
        assert {data["case_id"]: (data["outcome"], data["in_time"]) for data in told} == {
            named["case_id"]: ("visited", False),
            third["case_id"]: ("declined", True),
        }


async def _tree(admin: Person) -> tuple[str, str]:
    county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})
    township = {"code": "township", "name": "Township", "level": "township", "parent_id": county["id"]}
    return county["id"], (await admin.post("/v1/units", township))["id"]


async def _engage(world: World, admin: Person, role: str, unit_id: str | None) -> Person:
    await admin.post("/v1/accounts", {"username": role, "password": PASSWORD, "role": role, "unit_id": unit_id}, expect=201)
    return await world.sign_in(role, PASSWORD)


async def _requests(person: Person, wanted: set[str]) -> dict[str, Any]:
    """By case, once all are there."""
    items = (await person.get("/v1/visit-requests"))["items"]
    found = {item["case_id"]: item for item in items if item["case_id"] in wanted}
    return found if found.keys() == wanted else {}


async def _is(person: Person, path: str, state: str) -> bool:
    return bool((await person.get(path))["state"] == state)


async def _owned_by(person: Person, path: str, unit_id: str) -> bool:
    return bool((await person.get(path))["unit_id"] == unit_id)


async def _told(receiver: Receiver, count: int) -> list[Any]:
    found = [delivery.event["data"] for delivery in receiver.taken]
    return found if len(found) == count else []
