"""From a household that agreed to be visited to the unit's scorecard: what is found is seen through until the resident agrees."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
FINDING = {"title": "Pressure too low", "body": "The upper houses get none.", "category": "water"}


async def test_from_a_plan_to_a_finding_to_a_confirmed_case_to_the_scorecard(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 4, 7, 8, 30, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin = await world.sign_in()
        township = (await admin.post("/v1/units", unit("township", None)))["id"]
        village = (await admin.post("/v1/units", unit("grassroots", township)))["id"]
        visitor = await engage(world, admin, "visitor", "official", village)
        clerk = await engage(world, admin, "clerk", "official", village)
        lead = await engage(world, admin, "lead", "lead", township)

        # 1. A post owes visits to a household that wants them, monthly, at the office.
        post = {"unit_id": village, "code": "east", "name": "East", "holder_id": await id_of(visitor), "visits_per_week": 5}
        post_id = (await eventually(lambda: posted(lead, "/v1/posts", post)))["id"]
        household = {"unit_id": village, "kind": "household", "label": "The blue door", "place": "Lower lane 3"}
        contact = await visitor.post("/v1/contacts", {**household, "post_id": post_id}, expect=201)
        await visitor.post(f"/v1/contacts/{contact['id']}/agree", {"rhythm_days": 30, "meeting": "office"})
        planned = {"contact_id": contact["id"], "purpose": "How do you do", "starts_at": clock().isoformat()}
        plan = await lead.post("/v1/visit-plans", planned, expect=201)
        visit_id = plan["visits"][0]["id"]
        assert (await visitor.get(f"/v1/visits/{visit_id}"))["contact"]["place"] == "Lower lane 3"
        assert (await clerk.get(f"/v1/visits/{visit_id}"))["contact"] is None, "a colleague does not need to know where"

        # 2. The visit finds something, so it counts; the finding becomes a case, and the visitor its sponsor.
        clock.advance(hours=2)
        record = {"outcome": "done", "occurred_at": clock().isoformat(), "present": "few", "findings": [FINDING]}
        assert (await visitor.post(f"/v1/visits/{visit_id}/record", record))["counted_by"] == "finding"
        assert (await visitor.get(f"/v1/contacts/{contact['id']}"))["last_contact_days"] == 0
        finding = await eventually(lambda: finding_with(visitor, visit_id, "opened"))
        case_id = finding["case_id"]

        # 3. The unit answers. Not the visitor but a colleague hands the resident a receipt, who reads it and says that it is so.
        clock.advance(days=2)
        await clerk.post(f"/v1/cases/{case_id}/answer", {"text": "The valve was replaced on Thursday."})
        await visitor.post(f"/v1/cases/{case_id}/receipt", expect=403)
        receipt = (await clerk.post(f"/v1/cases/{case_id}/receipt", expect=201))["receipt"]
        opened = await world.nobody.post("/v1/receipts/open", {"receipt": receipt})
        assert opened["messages"][0]["text"] == "The valve was replaced on Thursday."
        await world.nobody.post("/v1/receipts/confirm", {"receipt": receipt, "resolved": True, "satisfied": True, "score": 5})

        # 4. The visit shows how far it came, and the scorecard has it: a visit on time that counts, a case confirmed.
        await eventually(lambda: finding_with(visitor, visit_id, "confirmed"))
        card = await eventually(lambda: card_of(lead, village))
        assert (card["visits"]["done"], card["visits"]["counted"], card["visits"]["with_findings"]) == (1, 1, 1)
        assert (card["visits"]["on_time"]["value"], card["resolution_rate"]["n"]) == (1.0, 1)


def unit(level: str, parent_id: str | None) -> dict[str, Any]:
    return {"code": level, "name": f"A {level}", "level": level, "parent_id": parent_id}


async def engage(world: World, admin: Person, username: str, role: str, unit_id: str) -> Person:
    account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
    await admin.post("/v1/accounts", account, expect=201)
    return await world.sign_in(username, PASSWORD)


async def id_of(person: Person) -> str:
    account_id: str = (await person.get("/v1/me"))["id"]
    return account_id


async def posted(person: Person, path: str, body: Any) -> Any:
    return await person.post(path, body, expect=201)


async def finding_with(person: Person, visit_id: str, state: str) -> dict[str, Any]:
    visit = await person.get(f"/v1/visits/{visit_id}")
    finding: dict[str, Any] = visit["findings"][0]
    assert finding["case_state"] == state
    return finding


async def card_of(person: Person, unit_id: str) -> dict[str, Any]:
    card: dict[str, Any] = await person.get(f"/v1/units/{unit_id}/scorecard")
    assert (card["cases"]["confirmed"], card["visits"]["counted"]) == (1, 1)
    return card
