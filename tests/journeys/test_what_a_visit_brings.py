"""A visit that something comes of, and residents who say so when the visitor has gone: through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, open_world

TITLE = {"en": "Does the water run?", "zh": "通水吗？"}
QUESTION = {"code": "running", "title": TITLE, "kind": "yes_no", "required": True}


async def test_what_a_visit_brings_and_who_confirms_it(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 4, 7, 8, 30, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin = await world.sign_in()
        county = await _unit(admin, "county", "county", None)
        village = await _unit(admin, "village", "grassroots", county)
        official = await admin.engage("official", "official", village)
        lead = await admin.engage("lead", "lead", county)
        inspector = await admin.engage("inspector", "inspector", county)
        resident = await admin.engage("resident", "resident", None)

        # 1. The lead says what is asked on visits, and nothing about persons.
        template = {"unit_id": county, "code": "water-round", "title": TITLE, "questions": [QUESTION]}
        await eventually(lambda: _posted(lead, "/v1/visit-templates", template))
        prying = {**template, "code": "household", "questions": [{**QUESTION, "code": "religion"}]}
        refused = await lead.post("/v1/visit-templates", prying, expect=422)
        assert refused["type"].endswith("sensitive-note")

        # 2. The official answers by the template, promises something and finds something: the visit counts at once.
        first = await _visit(official, village, clock, template_code="water-round")
        said = {
            "answers": {"running": False},
            "present": "few",
            "promises": [{"text": "Send the plumber", "due_on": "2026-04-14"}],
            "findings": [{"title": "No pressure", "body": "The upper houses get none.", "category": "water"}],
        }
        visit = await official.post(f"/v1/visits/{first}/record", _record(clock, **said))
        assert (visit["template_version"], visit["answers"], visit["counted_by"]) == (1, {"running": False}, "finding")
        (promise,) = visit["promises"]

        # 3. A visit that serves a case counts when the case is answered; one that brought nothing does not count.
        opinion = {"channel": "public_opinion", "title": "The pump", "body": "It is broken.", "unit_id": village}
        case_id = (await resident.post("/v1/opinions", opinion))["case_id"]
        serving = await _visit(official, village, clock, need={"kind": "case", "id_or_code": case_id})
        clock.advance(hours=1)
        await official.post(f"/v1/visits/{serving}/record", _record(clock))
        empty = await _visit(official, village, clock)
        assert (await official.post(f"/v1/visits/{empty}/record", _record(clock)))["counted_by"] is None
        await official.post(f"/v1/cases/{case_id}/answer", {"text": "Repaired."})
        await eventually(lambda: _counted(official, serving, "answer"))

        # 4. The office sends the resident a code. It works the next day, when the visitor has gone, and once.
        await official.post(f"/v1/visits/{empty}/confirmation-code", expect=403)
        code = (await lead.post(f"/v1/visits/{empty}/confirmation-code"))["code"]
        confirmation = {"code": code, "took_place": True, "helpful": 4}
        early = await world.nobody.post("/v1/visit-confirmations", confirmation, expect=409)
        assert early["type"].endswith("too-early")
        clock.advance(days=1)
        await world.nobody.post("/v1/visit-confirmations", confirmation)
        await world.nobody.post("/v1/visit-confirmations", confirmation, expect=404)
        assert await _counted(lead, empty, "confirmation")

        # 5. Another says that nobody came: the inspector sees it, the official and the lead see nothing.
        invented = await _visit(official, village, clock)
        await official.post(f"/v1/visits/{invented}/record", _record(clock))
        code = (await inspector.post(f"/v1/visits/{invented}/confirmation-code"))["code"]
        clock.advance(days=1)
        await world.nobody.post("/v1/visit-confirmations", {"code": code, "took_place": False})
        disputes = (await inspector.get("/v1/call-backs/disputes"))["items"]
        assert [dispute["visit_id"] for dispute in disputes] == [invented]
        assert (await lead.request("GET", "/v1/call-backs/disputes")).status_code == 403
        assert (await lead.get(f"/v1/visits/{invented}"))["counted_by"] is None

        # 6. The inspector draws visits to call back; the seed draws the same again.
        drawing = {"unit_id": county, "starts_on": "2026-04-01", "ends_on": "2026-04-30", "size": 2}
        call_back = await inspector.post("/v1/call-backs", drawing, expect=201)
        in_order = sorted([first, serving, empty, invented], key=lambda id: sha256(f"{call_back['seed']}{id}".encode()).digest())
        assert [drawn["visit_id"] for drawn in call_back["visits"]] == in_order[:2]
        for drawn in in_order[:2]:
            result = {"visit_id": drawn, "result": "took_place"}
            call_back = await inspector.post(f"/v1/call-backs/{call_back['id']}/results", result)
        assert (call_back["took_place"], call_back["finished_at"] is None) == (2, False)
        seen = await lead.get(f"/v1/call-backs/{call_back['id']}")
        assert (seen["took_place"], seen["visits"], seen["seed"]) == (None, None, None), "two residents are too few to tell of"

        # 7. The promise is kept in time; the scorecard has heard which visits count.
        assert (await official.post(f"/v1/promises/{promise['id']}/keep"))["state"] == "kept"
        card = await eventually(lambda: _card(lead, village, counted=3))
        assert card["visits"]["done"] == 4

        # 8. Once its day has come, the promise is among what the unit keeps up.
        clock.advance(days=8)
        assert await eventually(lambda: _promises(lead, village)) == {"hits": 1, "n": 1}


async def _unit(admin: Person, code: str, level: str, parent_id: str | None) -> str:
    made = await admin.post("/v1/units", {"code": code, "name": code, "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


async def _posted(person: Person, path: str, body: Any) -> Any:
    return await person.post(path, body, expect=201)


async def _visit(official: Person, unit_id: str, clock: ManualClock, **more: Any) -> str:
    assignee_id = (await official.get("/v1/me"))["id"]
    plan = {"unit_id": unit_id, "purpose": "See how the water runs", "place": "The lower lane", "assignee_id": assignee_id}
    made = await official.post("/v1/visit-plans", {**plan, "starts_at": clock().isoformat(), **more}, expect=201)
    visit_id: str = made["visits"][0]["id"]
    return visit_id


def _record(clock: ManualClock, **said: Any) -> dict[str, Any]:
    return {"outcome": "done", "occurred_at": (clock() - timedelta(minutes=20)).isoformat(), **said}


async def _counted(person: Person, visit_id: str, by: str) -> bool:
    return bool((await person.get(f"/v1/visits/{visit_id}"))["counted_by"] == by)


async def _card(person: Person, unit_id: str, *, counted: int) -> Any:
    card = await person.get(f"/v1/units/{unit_id}/scorecard")
    assert card["visits"]["counted"] == counted
    return card


async def _promises(reader: Person, unit_id: str) -> Any:
    """Once it has been told of any."""
    habits = (await reader.get(f"/v1/units/{unit_id}/mechanism"))["spans"][0]["own"]["habits"]
    (found,) = [each for each in habits if each["habit"] == "promises"]
    return {name: found[name] for name in ("hits", "n")} if found["n"] else None
