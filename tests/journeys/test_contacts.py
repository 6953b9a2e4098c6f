"""A household is asked, agrees, is visited, chooses by its card, and keeps its visitor's post when the visitor leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, open_world

LABEL, PLACE = "The family by the well", "The last door of the lower lane"


async def test_contacts_from_the_first_question_to_a_hand_over(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin = await world.sign_in()
        unit = await admin.post(
            "/v1/units", {"code": "village", "name": "The village", "level": "grassroots", "parent_id": None}, expect=201
        )
        unit_id = unit["id"]
        lead = await admin.engage("lead", "lead", unit_id)
        first, second = [await admin.engage(name, "official", unit_id) for name in ("first", "second")]

        # 1. A lead makes a post; its holder lists a household and asks it. Until it agrees, nobody is visited.
        post = await lead.post(
            "/v1/posts",
            {
                "unit_id": unit_id,
                "code": "lane",
                "name": "Officer of the lane",
                "holder_id": await _id(first),
                "visits_per_week": 10,
            },
            expect=201,
        )
        contact = await first.post(
            "/v1/contacts",
            {"unit_id": unit_id, "kind": "household", "label": LABEL, "place": PLACE, "post_id": post["id"]},
            expect=201,
        )
        contact_id = contact["id"]
        wanted = {"contact_id": contact_id, "purpose": "Regular contact", "starts_at": clock().isoformat()}
        await first.post("/v1/visit-plans", wanted, expect=409)
        terms = {"rhythm_days": 14, "meeting": "home", "companion": "neighbour"}
        agreed = await first.post(f"/v1/contacts/{contact_id}/agree", terms)
        assert agreed["state"] == "agreed"
        assert (await _coverage(lead, unit_id))["never_contacted"] == 1

        # 2. The plan's first visit is made, and the contact is as old as that.
        plan = await first.post("/v1/visit-plans", wanted, expect=201)
        made, ahead = plan["visits"][:2]
        assert (await first.get(f"/v1/visits/{made['id']}"))["contact"]["label"] == LABEL
        assert (await second.get(f"/v1/visits/{made['id']}"))["contact"] is None
        found = {"title": "Pressure too low", "body": "The upper houses get none.", "category": "water"}
        record = {"outcome": "done", "occurred_at": clock().isoformat(), "findings": [found]}
        recorded = await first.post(f"/v1/visits/{made['id']}/record", record)
        finding_id = recorded["findings"][0]["id"]
        contact = await first.get(f"/v1/contacts/{contact_id}")
        assert datetime.fromisoformat(contact["last_contact_at"]) == clock()
        assert datetime.fromisoformat(contact["next_due_at"]) == clock() + timedelta(days=14)
        covered = await _coverage(lead, unit_id)
        assert (covered["contacted"], covered["share_contacted"], covered["median_age_days"]) == (1, 1.0, None)

        # 3. Hand-over: the new holder sees the household, its visits and the finding's case; the old one does not.
        preview = await lead.get(f"/v1/posts/{post['id']}/hand-over")
        assert (preview["contacts"], preview["plans"], preview["findings"]) == (1, 1, 1)
        handed = await lead.post(f"/v1/posts/{post['id']}/hand-over", {"holder_id": await _id(second)})
        assert handed == {**preview, "holder_id": await _id(second)}
        assert (await second.get(f"/v1/contacts/{contact_id}"))["label"] == LABEL
        assert (await first.get(f"/v1/contacts/{contact_id}"))["label"] is None
        assert (await second.get(f"/v1/visits/{ahead['id']}"))["contact"]["place"] == PLACE
        assert (await first.get(f"/v1/visits/{ahead['id']}"))["contact"] is None
        assert [visit["id"] for visit in (await first.get("/v1/visits", assignee="me"))["items"]] == [made["id"]]
        assert (await second.get(f"/v1/findings/{finding_id}"))["sponsor_id"] == await _id(second)
        case_id = await eventually(lambda: _case_of(lead, finding_id))
        assert case_id is not None
        await eventually(lambda: _may_not_hand_out(second, case_id))
        await first.post(f"/v1/cases/{case_id}/receipt", expect=201)

        # 4. The resident, with a card and no account, looks, chooses another rhythm, and in the end refuses: the visits vanish.
        card = (await second.post(f"/v1/contacts/{contact_id}/card", expect=201))["card"]
        opened = await world.nobody.post("/v1/contact-cards/open", {"card": card})
        assert (opened["state"], opened["rhythm_days"], opened["unit"]) == ("agreed", 14, "The village")
        assert LABEL not in str(opened)
        chosen = await world.nobody.post("/v1/contact-cards/choose", {"card": card, "rhythm_days": 30})
        assert chosen["rhythm_days"] == 30
        await world.nobody.post("/v1/contact-cards/open", {"card": "00000-00000-00000-00000-0"}, expect=404)
        refused = await world.nobody.post("/v1/contact-cards/refuse", {"card": card})
        assert (refused["state"], refused["next_visit"]) == ("refused", None)
        states = {visit["state"] for visit in (await lead.get(f"/v1/visit-plans/{plan['id']}"))["visits"]}
        assert states == {"done"}, "what was made stays, and nothing else is on the calendar"
        assert (await second.get(f"/v1/contacts/{contact_id}"))["label"] is None
        covered = await _coverage(lead, unit_id)
        assert (covered["refused"], covered["contacted"], covered["share_contacted"]) == (1, 0, None)


async def _id(person: Person) -> str:
    account_id: str = (await person.get("/v1/me"))["id"]
    return account_id


async def _coverage(reader: Person, unit_id: str) -> dict[str, Any]:
    body = await reader.get("/v1/contacts/coverage", unit_id=unit_id)
    total: dict[str, Any] = body["total"]
    return total


async def _case_of(reader: Person, finding_id: str) -> str | None:
    cases = (await reader.get("/v1/cases", source="finding", limit=100))["items"]
    return next((case["id"] for case in cases if case["finding_id"] == finding_id), None)


async def _may_not_hand_out(sponsor: Person, case_id: str) -> bool:
    """Whoever sees a finding through does not also hand over the case's receipt: feedback knows the sponsor."""
    refused = await sponsor.post(f"/v1/cases/{case_id}/receipt", expect=403)
    return bool(refused["type"].endswith("sponsor-hands-nothing-over"))
