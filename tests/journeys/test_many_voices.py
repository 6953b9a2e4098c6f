"""A crowd without accounts is asked to work, then to wait, and never silently dropped: through the gateway, on both buses."""

from typing import Any

import httpx

from shared.bus import Bus
from tests.feedback.challenges.solving import proving
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.world import Person, open_world

PASSWORD = "a long enough password"
WORDS = {
    "channel": "public_opinion",
    "title": "A bribe",
    "body": "He asked for money before he signed.",
    "protection": "anonymous",
}
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


async def _send(person: Person, said: Any) -> httpx.Response:
    return await person.request("POST", "/v1/opinions", json=said)
