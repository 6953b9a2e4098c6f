"""A plan of visits from its first draft to another visitor's calendar: through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
WEEK = timedelta(days=7)


async def test_a_plan_is_made_changed_suspended_and_given_away(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 3, 2, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["massline.visits.visit.cancelled.v1"]})
        village = await admin.post("/v1/units", {"code": "village", "name": "Village", "level": "grassroots", "parent_id": None})
        lead, first, second = [await _staff(world, admin, role, village["id"]) for role in ("lead", "official", "official")]
        first_id, second_id = [(await official.get("/v1/me"))["id"] for official in (first, second)]

        # 1. Every Monday at nine in Berlin, but not on Easter Monday; on the Tuesday after instead.
        nine = datetime.fromisoformat("2026-03-09T09:00:00+01:00")
        easter = datetime.fromisoformat("2026-04-06T09:00:00+02:00")
        plan = await lead.post(
            "/v1/visit-plans",
            {
                "unit_id": village["id"],
                "purpose": "See how the water runs",
                "place": "The lower lane",
                "assignee_id": first_id,
                "starts_at": nine.isoformat(),
                "rrule": "FREQ=WEEKLY;COUNT=8",
                "time_zone": "Europe/Berlin",
                "except_dates": [easter.isoformat()],
                "extra_dates": [(easter + timedelta(days=1)).isoformat()],
                "window_days_before": 1,
                "window_days": 2,
            },
            expect=201,
        )
        assert _days(plan) == ["03-09", "03-16", "03-23", "03-30", "04-07", "04-13", "04-20", "04-27"]
        assert {visit["scheduled_at"][11:16] for visit in plan["visits"]} == {"08:00", "07:00"}, "nine stays nine"

        # 2. The first is made; then the lead finds that every second week will do.
        clock.advance(days=7, hours=1)
        await first.post(f"/v1/visits/{_ids(plan)[0]}/record", {"outcome": "done", "occurred_at": clock().isoformat()})
        changes = {"rrule": "FREQ=WEEKLY;INTERVAL=2;COUNT=4", "except_dates": [], "place": "The upper lane"}
        changed = await _change(lead, plan, changes)
        assert _days(changed) == ["03-09", "03-23", "04-06", "04-07", "04-20"]
        assert _ids(changed)[1] == _ids(plan)[2], "what still occurs is the same visit"
        assert (await lead.get(f"/v1/visits/{_ids(plan)[0]}"))["place"] == "The lower lane"

        # 3. No visits over Easter.
        until = datetime.fromisoformat("2026-04-08T00:00:00+02:00")
        suspended = await lead.post(f"/v1/visit-plans/{plan['id']}/suspend", {"until": until.isoformat()})
        assert (suspended["state"], _days(suspended)) == ("suspended", ["03-09", "04-20"])
        clock.advance(days=30)
        assert (await lead.get(f"/v1/visit-plans/{plan['id']}"))["state"] == "active"

        # 4. Somebody else goes: foreseen first.
        wanted = {"from_assignee_id": first_id, "to_assignee_id": second_id}
        foreseen = await lead.post("/v1/visit-plans/reassign", {**wanted, "preview": True})
        assert (foreseen["visits"], foreseen["load_before"], foreseen["load_after"]) == (1, 0, 0.25)
        assert (await second.get("/v1/visits", assignee="me"))["items"] == []
        assert await lead.post("/v1/visit-plans/reassign", wanted) == {**foreseen, "preview": False}
        mine = (await second.get("/v1/visits", assignee="me"))["items"]
        assert [visit["id"] for visit in mine] == [_ids(suspended)[1]]
        made = (await first.get("/v1/visits", assignee="me", state="done"))["items"]
        assert [visit["id"] for visit in made] == _ids(plan)[:1]

        # 5. It is over, and others were told of each visit that was taken off the calendar, and why.
        ended = await lead.post(f"/v1/visit-plans/{plan['id']}/end", {"reason": "The pump runs"})
        assert (ended["state"], _days(ended)) == ("ended", ["03-09"])
        causes = await eventually(lambda: _causes(receiver.taken, plan["id"], 8))
        assert causes == {"plan_changed": 4, "plan_suspended": 3, "plan_ended": 1}


async def _staff(world: World, admin: Person, role: str, unit_id: str) -> Person:
    taken = (await admin.get("/v1/accounts", limit=100))["items"]
    name = f"{role}{len(taken)}"
    await admin.post("/v1/accounts", {"username": name, "password": PASSWORD, "role": role, "unit_id": unit_id}, expect=201)
    return await world.sign_in(name, PASSWORD)


async def _change(person: Person, plan: dict[str, Any], changes: dict[str, Any]) -> Any:
    path = f"/v1/visit-plans/{plan['id']}"
    read = await person.request("GET", path)
    answer = await person.request("PATCH", path, json=changes, headers={"If-Match": read.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    stale = await person.request("PATCH", path, json=changes, headers={"If-Match": read.headers["ETag"]})
    assert stale.status_code == 412
    return answer.json()


async def _causes(taken: list[Any], plan_id: str, many: int) -> dict[str, int]:
    said = [delivery.event["data"] for delivery in taken]
    assert len(said) == many, said
    assert {fact["plan_id"] for fact in said} == {plan_id}
    causes = [fact["cause"] for fact in said]
    return {cause: causes.count(cause) for cause in causes}


def _ids(plan: dict[str, Any]) -> list[str]:
    return [visit["id"] for visit in plan["visits"]]


def _days(plan: dict[str, Any]) -> list[str]:
    return [visit["scheduled_at"][5:10] for visit in plan["visits"]]
