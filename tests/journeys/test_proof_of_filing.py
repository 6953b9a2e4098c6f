"""Nobody can say later that it was never filed: through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

from services.feedback.ledger.verifier import check, check_ledger
from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Delivery, Receiver, open_receiver
from tests.support.world import Person, open_world

PASSWORD = "a long enough password"
WORDS = {"channel": "public_opinion", "title": "A bribe", "body": "He asked for money before he signed."}


async def test_what_was_filed_is_proven_by_whoever_filed_it(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 9, 30, 8, 30, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["massline.feedback.ledger.sealed.v1"]})
        county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})
        await admin.post("/v1/accounts", {"username": "lin", "password": PASSWORD, "role": "resident"})
        lin = await world.sign_in("lin", PASSWORD)

        named = await lin.post("/v1/opinions", {**WORDS, "unit_id": county["id"], "protection": "named"})
        unnamed = await nobody.post("/v1/opinions", {**WORDS, "unit_id": county["id"], "protection": "anonymous"})
        await nobody.post("/v1/receipts/proof", {"receipt": unnamed["receipt"]}, expect=409)

        clock.advance(seconds=24 * 3600)
        (day,) = await eventually(lambda: _days(nobody))
        assert (day["day"], day["size"]) == ("2026-09-30", 2)
        check_ledger({"items": [day]})

        by_name = await lin.get(f"/v1/opinions/{named['id']}/proof")
        by_receipt = await nobody.post("/v1/receipts/proof", {"receipt": unnamed["receipt"]})
        for proof in (by_name, by_receipt):
            check(proof, day["seal"])
            assert proof["opening"]["content"]["body"] == WORDS["body"]

        (told,) = await eventually(lambda: _taken(receiver))
        assert (told.event["data"]["seal"], told.event["data"]["size"]) == (day["seal"], 2)


async def _taken(receiver: Receiver) -> list[Delivery]:
    return receiver.taken


async def _days(person: Person) -> Any:
    return (await person.get("/v1/ledger"))["items"]
