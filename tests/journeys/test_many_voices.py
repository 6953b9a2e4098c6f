"""Many at once, through the gateway and on both buses: a crowd without accounts is asked to work and then to wait, a burst is
held from publication, and nothing is dropped in silence."""

from datetime import UTC, datetime
from typing import Any

import httpx

from shared.bus import Bus
from tests.feedback.challenges.solving import proving
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Delivery, Receiver, open_receiver
from tests.support.world import Person, open_world

PASSWORD = "a long enough password"
WORDS = {
    "channel": "public_opinion",
    "title": "A bribe",
    "body": "He asked for money before he signed.",
    "protection": "anonymous",
}
TOLD = ("massline.feedback.hold.placed.v1", "massline.feedback.hold.decided.v1")
LIMITS = {"MASSLINE_FEEDBACK_ANONYMOUS_CALLS_PER_MINUTE": "60", "MASSLINE_FEEDBACK_ANONYMOUS_OPINIONS_PER_MINUTE": "10"}


async def test_a_crowd_is_asked_to_work_and_then_to_wait(databases: Databases, bus: Bus) -> None:
    clock = ManualClock()
    async with open_world(databases, bus, clock=clock, **LIMITS) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})
        await admin.post("/v1/accounts", {"username": "lin", "password": PASSWORD, "role": "resident"})
        lin = await world.sign_in("lin", PASSWORD)
        said = {**WORDS, "unit_id": county["id"]}

        assert (await nobody.post("/v1/challenges", expect=201))["required"] is False
        receipts = [(await nobody.post("/v1/opinions", said, expect=201))["receipt"] for _ in range(5)]
        assert (await nobody.post("/v1/challenges"))["required"] is True

        asked = await nobody.post("/v1/opinions", said, expect=428)
        assert asked["type"] == "urn:massline:problem:proof-of-work-required"
        proof = proving(asked)
        await nobody.post("/v1/opinions", said, expect=201, headers=proof)
        await nobody.post("/v1/opinions", said, expect=428, headers=proof)

        for _ in range(4):
            await nobody.post("/v1/opinions", said, expect=201, headers=proving(await nobody.post("/v1/challenges")))
        refused = await _send(nobody, said)
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:massline:problem:too-many-opinions")
        assert int(refused.headers["retry-after"]) > 0
        await lin.post("/v1/opinions", said, expect=201)
        assert (await nobody.post("/v1/receipts/open", {"receipt": receipts[0]}))["case"]["title"] == "A bribe"

        clock.advance(minutes=5)
        await nobody.post("/v1/opinions", said, expect=201)


async def test_a_burst_is_held_from_publication_and_decided_in_public(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})
        village = {"code": "village", "name": "Village", "level": "grassroots", "parent_id": county["id"]}
        village = await admin.post("/v1/units", village)
        await admin.post("/v1/accounts", {"username": "lin", "password": PASSWORD, "role": "resident"})
        for username, unit in (("own", village), ("upper", county)):
            account = {"username": username, "password": PASSWORD, "role": "lead", "unit_id": unit["id"]}
            await admin.post("/v1/accounts", account)
        lin, own, upper = [await world.sign_in(name, PASSWORD) for name in ("lin", "own", "upper")]

        said = {
            "channel": "thought",
            "title": "Move the market",
            "body": "To my field.",
            "unit_id": village["id"],
            "shared": True,
        }
        cases = [(await lin.post("/v1/opinions", said, expect=201))["case_id"] for _ in range(30)]
        (hold,) = await eventually(lambda: _holds(nobody))
        assert (hold["reason"], hold["opinions"], hold["decision"]) == ("burst", 30, None)
        draft = {"title": "Move the market", "unit_id": village["id"]}
        assert (await nobody.post("/v1/opinions/similar", draft))["items"] == []
        assert (await lin.get(f"/v1/cases/{cases[0]}"))["held"].startswith("Unusually many")
        await own.post(f"/v1/cases/{cases[0]}/answer", {"text": "We think about it."})

        reason = {"reason": "They stood in line for it."}
        await own.post(f"/v1/holds/{hold['id']}/release", reason, expect=403)
        await upper.post(f"/v1/holds/{hold['id']}/release", reason)
        (hold,) = await _holds(nobody)
        assert (hold["decision"], hold["decision_reason"]) == ("released", reason["reason"])
        assert (await nobody.post("/v1/opinions/similar", draft))["items"]

        placed, decided = await eventually(lambda: _taken(receiver, 2))
        assert {placed.event["type"], decided.event["type"]} == set(TOLD)
        assert reason["reason"] not in str(placed.event) + str(decided.event)


async def _holds(person: Person) -> Any:
    return (await person.get("/v1/holds"))["items"]


async def _taken(receiver: Receiver, count: int) -> list[Delivery]:
    return receiver.taken if len(receiver.taken) == count else []


async def _send(person: Person, said: Any) -> httpx.Response:
    return await person.request("POST", "/v1/opinions", json=said)
