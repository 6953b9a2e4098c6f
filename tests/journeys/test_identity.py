"""Who spoke in confidence stays unknown until a second person agrees, before the speaker's eyes: through the gateway, on both
buses."""

import json
from typing import Any

from shared.bus import Bus
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import open_world

PASSWORD = "a long enough password"
IDENTITY = {"name": "Lin Hua", "contact": "lin@example.org"}
SAID = {"channel": "emotional", "title": "Help", "body": "I cannot come down the stairs.", "protection": "confidential"}
TOLD = [
    "massline.feedback.identity.requested.v1",
    "massline.feedback.identity-request.decided.v1",
    "massline.feedback.identity.opened.v1",
    "massline.feedback.audit.recorded.v1",
]


async def test_an_identity_is_opened_by_two_and_its_speaker_sees_it(databases: Databases, bus: Bus) -> None:
    allowed = "127.0.0.0/8"
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS=allowed) as world,
    ):
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})
        village = {"code": "village", "name": "Village", "level": "grassroots", "parent_id": county["id"]}
        village = await admin.post("/v1/units", village)
        staff = {"clerk": ("official", village), "head": ("lead", village), "judge": ("lead", county)}
        for username, (role, unit) in staff.items():
            account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit["id"]}
            await admin.post("/v1/accounts", account)
        await admin.post("/v1/accounts", {"username": "lin", "password": PASSWORD, "role": "resident"})
        lin, clerk, head, judge = [await world.sign_in(name, PASSWORD) for name in ("lin", "clerk", "head", "judge")]

        await lin.post(
            "/v1/opinions", {**SAID, "unit_id": village["id"], "protection": "anonymous", "identity": IDENTITY}, expect=422
        )
        filed = await lin.post("/v1/opinions", {**SAID, "unit_id": village["id"], "identity": IDENTITY})
        case, requests = f"/v1/cases/{filed['case_id']}", f"/v1/cases/{filed['case_id']}/identity-requests"
        masked = {"masked": True, "name": None, "contact": None, "given": ["name", "contact"]}
        for official in (clerk, head, judge, admin):
            assert (await official.get(case))["speaker"] == masked

        request = await clerk.post(requests, {"motive": "We must come to the door.", "hours": 24})
        path = f"/v1/identity-requests/{request['id']}"
        await clerk.post(f"{path}/open", expect=409)
        await clerk.post(f"{path}/approve", expect=403)
        await head.post(f"{path}/approve", expect=404)
        await admin.post(f"{path}/approve", expect=403)
        assert [each["id"] for each in (await judge.get("/v1/identity-requests", state="pending"))["items"]] == [request["id"]]
        await judge.post(f"{path}/approve")
        assert await clerk.post(f"{path}/open") == IDENTITY

        (shown,) = await lin.get(requests)
        assert (shown["motive"], shown["unit_id"]) == ("We must come to the door.", village["id"])
        assert (shown["decided_by_role"], shown["decided_by_unit_id"]) == ("lead", county["id"])
        assert [opening["number"] for opening in shown["openings"]] == [1]
        assert (await lin.get(case))["speaker"] == {"masked": False, **IDENTITY, "given": ["name", "contact"]}

        checked = await admin.get("/v1/audit/check")
        assert (checked["entries"], checked["intact"]) == (3, True)
        events = await eventually(lambda: _six(receiver))
        heads = {event["data"]["number"]: event["data"]["hash"] for event in events if event["type"] == TOLD[3]}
        assert heads[3] == checked["head"]
        assert sorted(event["type"] for event in events) == sorted([*TOLD[:3], *[TOLD[3]] * 3])
        told = json.dumps(events)
        assert not [mark for mark in (*IDENTITY.values(), "to the door") if mark in told]


async def _six(receiver: Receiver) -> list[Any]:
    """Every event once, however often it came."""
    events = {delivery.event["id"]: delivery.event for delivery in receiver.taken}
    return list(events.values()) if len(events) == 6 else []
