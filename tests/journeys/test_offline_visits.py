"""An official without a network: what the phone recorded is taken in later, what it missed is told, the calendar follows, and
reminders go out. Through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import icalendar
from structlog.testing import capture_logs

from services.visits.jobs import remind
from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
FINDING = {"title": "Pressure too low", "body": "The upper houses get none.", "category": "water"}
REMINDED = "massline.visits.visit.reminded.v1"


async def test_a_phone_that_was_offline_loses_nothing(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": [REMINDED]})
        unit_id = (await admin.post("/v1/units", {"code": "county", "name": "C", "level": "county", "parent_id": None}))["id"]
        official = await _engage(world, admin, "official", unit_id)
        lead = await _engage(world, admin, "lead", unit_id)

        # 1. The phone takes four visits along, each in a window of four days.
        await official.post("/v1/visit-plans", await _plan(official, unit_id, clock), expect=201)
        phone = await official.post("/v1/visits/sync", {})
        assert (len(phone["changes"]), phone["more"], phone["reset"]) == (4, False, False)
        late, found, made, taken = sorted(phone["changes"], key=lambda visit: str(visit["window_starts_at"]))

        # 2. Without a network it records all of them; a lead, who was told otherwise, records the last.
        occurred_at = clock().isoformat()
        records = [
            _item(late, occurred_at),
            _item(found, occurred_at, findings=[FINDING]),
            _item(made, occurred_at),
            _item(taken, occurred_at),
            {**_item(made, occurred_at), "visit_id": str(uuid4())},
        ]
        await lead.post(f"/v1/visits/{taken['id']}/record", {"outcome": "refused_by_resident", "occurred_at": occurred_at})

        # 3. The first window ends, as far as anybody knows unvisited: a reminder goes out before.
        clock.advance(days=3, hours=1)
        [visits] = [service for service in world.product.services if service.name == "visits"]
        await remind(visits.works)
        await eventually(lambda: _reminded(receiver, late["id"]))
        clock.advance(days=2)

        # 4. The phone is back: all is taken, but for what nobody knows of and what had been recorded.
        back = await official.post("/v1/visits/sync", {"cursor": phone["cursor"], "items": records})
        statuses = [result["status"] for result in back["results"]]
        assert statuses == ["applied", "applied", "applied", "conflict", "refused"]
        assert [result["visit"]["state"] for result in back["results"][:4]] == ["done_late", *["done"] * 2, "refused_by_resident"]
        assert back["results"][3]["yours"]["outcome"] == "done"
        assert back["results"][4]["problem"]["type"].endswith("visit-not-found")
        assert {visit["id"] for visit in back["changes"]} == {visit["id"] for visit in phone["changes"]}
        again = await official.post("/v1/visits/sync", {"cursor": back["cursor"], "items": records[:3]})
        assert [result["status"] for result in again["results"]] == ["already_applied"] * 3
        (kept,) = (await lead.get("/v1/visits/sync/conflicts"))["items"]
        assert kept["visit_id"] == taken["id"]

        # 5. What was found is a case, once.
        (case,) = await eventually(lambda: _cases(official))
        assert case["source"] == "finding"


async def test_a_calendar_program_follows_an_officials_visits(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    with capture_logs() as logged:
        async with open_world(databases, bus, clock=clock) as world:
            admin = await world.sign_in()
            unit = {"code": "county", "name": "C", "level": "county", "parent_id": None}
            unit_id = (await admin.post("/v1/units", unit))["id"]
            official = await _engage(world, admin, "official", unit_id)
            await official.post("/v1/visit-plans", await _plan(official, unit_id, clock), expect=201)
            calendar = await official.post("/v1/calendars", expect=201)
            visits = (await official.get("/v1/visits", assignee="me"))["items"]

            feed = await world.http.get(calendar["path"])
            assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
            assert _uids(feed.content) == {visit["id"] for visit in visits}
            head = await world.http.head(calendar["path"])
            assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", feed.headers["etag"])
            same = await world.http.get(calendar["path"], headers={"If-None-Match": feed.headers["etag"]})
            assert same.status_code == 304

            await official.post(f"/v1/visits/{visits[0]['id']}/record", {"outcome": "done", "occurred_at": clock().isoformat()})
            changed = await world.http.get(calendar["path"], headers={"If-None-Match": feed.headers["etag"]})
            assert _uids(changed.content) == {visit["id"] for visit in visits[1:]}
            await official.post(f"/v1/calendars/{calendar['id']}/revoke")
            assert (await world.http.get(calendar["path"])).status_code == 404
            metrics = (await world.http.get("/metrics")).text
    token = calendar["path"].removeprefix("/v1/calendars/").removesuffix(".ics")
    assert token not in str(logged) + metrics, "a path that opens something is written nowhere"


async def _engage(world: World, admin: Person, role: str, unit_id: str) -> Person:
    await admin.post("/v1/accounts", {"username": role, "password": PASSWORD, "role": role, "unit_id": unit_id}, expect=201)
    return await world.sign_in(role, PASSWORD)


async def _plan(official: Person, unit_id: str, clock: ManualClock) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "purpose": "See how the water runs; talk, listen",
        "place": "The lower lane",
        "assignee_id": (await official.get("/v1/me"))["id"],
        "starts_at": clock().isoformat(),
        "rrule": "FREQ=DAILY;INTERVAL=2;COUNT=4",
        "window_days": 4,
    }


def _item(visit: dict[str, Any], occurred_at: str, **said: Any) -> dict[str, Any]:
    record = {"outcome": "done", "occurred_at": occurred_at, **said}
    return {"client_id": str(uuid4()), "visit_id": visit["id"], "base_version": visit["version"], "record": record}


async def _reminded(receiver: Receiver, visit_id: str) -> bool:
    return visit_id in {delivery.event["data"]["visit_id"] for delivery in receiver.taken}


async def _cases(person: Person) -> Any:
    return (await person.get("/v1/cases"))["items"]


def _uids(feed: bytes) -> set[str]:
    return {str(event["UID"]) for event in icalendar.Calendar.from_ical(feed).walk("VEVENT")}
