"""What was said ends when its time has come, and not before: through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
WORDS = {"channel": "public_opinion", "title": "xq-title", "body": "xq-body", "protection": "anonymous"}


async def test_words_end_unless_they_are_held(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 9, 30, 8, 30, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["massline.feedback.case.erased.v1"]})
        county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})
        account = {"username": "head", "password": PASSWORD, "role": "lead", "unit_id": county["id"]}
        await admin.post("/v1/accounts", account)
        head = await world.sign_in("head", PASSWORD)
        terms = {each["channel"]: each for each in (await admin.get("/v1/retention"))["terms"]}
        assert (terms["public_opinion"]["access_days"], terms["public_opinion"]["words_days"]) == (180, 730)

        held = await nobody.post("/v1/opinions", {**WORDS, "unit_id": county["id"]})
        free = await nobody.post("/v1/opinions", {**WORDS, "unit_id": county["id"]})
        for voice in (held, free):
            await nobody.post("/v1/receipts/withdraw", {"receipt": voice["receipt"]})
        await head.post(f"/v1/cases/{held['case_id']}/legal-hold", {"motive": "A trial."})
        shown = await nobody.post("/v1/receipts/open", {"receipt": held["receipt"]})
        assert shown["case"]["legal_hold"]["motive"] == "A trial."

        clock.advance(days=800)
        admin, head = await world.sign_in(), await world.sign_in("head", PASSWORD)
        due = await admin.get("/v1/retention/due")
        assert {(case["end"], case["case_id"]) for case in due["first"]} == {
            ("access", free["case_id"]),
            ("words", free["case_id"]),
        }
        await _as_the_worker_does(world)

        gone = await nobody.post("/v1/receipts/open", {"receipt": free["receipt"]}, expect=404)
        assert gone["type"] == "urn:massline:problem:receipt-not-found"
        erased = await head.get(f"/v1/cases/{free['case_id']}")
        assert (erased["body"], erased["state"]) == (None, "withdrawn")
        assert erased["erased_at"] is not None
        kept = await nobody.post("/v1/receipts/open", {"receipt": held["receipt"]})
        assert kept["case"]["body"] == "xq-body"
        await eventually(lambda: _was_told(receiver, free["case_id"]), within=30)

        await head.post(f"/v1/cases/{held['case_id']}/legal-hold/lift", {"reason": "It is over."})
        await _as_the_worker_does(world)
        assert (await head.get(f"/v1/cases/{held['case_id']}"))["erased_at"] is not None
        assert await _titles(head) == {erased["title"]}


KEPT = {"access_days": 180, "protected_days": 365, "named_days": 1825}
RULES = {"practice": "retention", **dict.fromkeys(("thought", "emotional", "public_sentiment", "public_opinion"), KEPT)}
SHORTER = {**RULES, "public_opinion": {**KEPT, "protected_days": 200}}


async def test_a_policy_decides_and_takes_back_no_promise(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 9, 30, 8, 0, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await admin.post("/v1/units", {"code": "county", "name": "County", "level": "county", "parent_id": None})

        async def withdrawn() -> tuple[str, Any]:
            """(its receipt, what its speaker is shown then)"""
            voice = await nobody.post("/v1/opinions", {**WORDS, "unit_id": county["id"]})
            await nobody.post("/v1/receipts/withdraw", {"receipt": voice["receipt"]})
            shown = await nobody.post("/v1/receipts/open", {"receipt": voice["receipt"]})
            return voice["receipt"], shown["case"]

        old_receipt, old = await withdrawn()
        assert old["words_until"] == "2028-09-29T08:00:00Z"
        for _ in range(5):
            await withdrawn()

        # Below the floor nothing is registered; what a change would have meant is seen before, of no fewer than five.
        low = {**RULES, "thought": {**KEPT, "access_days": 90}}
        refused = await admin.post("/v1/practice-policies", {"name": "Short", "rules": low}, expect=422)
        assert "greater than or equal to 180" in str(refused)
        tried = {"rules": SHORTER, "since": "2026-09-30", "until": "2026-09-30"}
        found = await admin.post("/v1/retention/simulate", tried, expect=200)
        differs = {each["end"]: each["sooner"] for each in found["differences"] if each["sooner"]}
        assert differs == {"words": 6}

        made = await admin.post("/v1/practice-policies", {"name": "Short", "rules": SHORTER}, expect=201)
        assert made["label"] == "retention.v2"

        async def known() -> bool:
            return bool((await admin.get("/v1/retention"))["policy"] == "retention.v2")

        await eventually(known)
        new_receipt, new = await withdrawn()
        assert (new["access_until"], new["words_until"]) == ("2027-03-29T08:00:00Z", "2027-04-18T08:00:00Z")
        shown = await nobody.post("/v1/receipts/open", {"receipt": old_receipt})
        assert (shown["case"]["access_until"], shown["case"]["words_until"]) == ("2027-03-29T08:00:00Z", old["words_until"])

        # Each goes at its own time.
        clock.advance(days=201)
        admin = await world.sign_in()
        due = (await admin.get("/v1/retention/due"))["first"]
        assert [case["case_id"] for case in due if case["end"] == "words"] == [new["id"]]
        await _as_the_worker_does(world)
        assert (await admin.get(f"/v1/cases/{new['id']}"))["erased_at"] is not None
        assert (await admin.get(f"/v1/cases/{old['id']}"))["erased_at"] is None
        for receipt in (old_receipt, new_receipt):
            await nobody.post("/v1/receipts/open", {"receipt": receipt}, expect=404)


async def _as_the_worker_does(world: World) -> None:
    """Its jobs of retention run every ten minutes."""
    (feedback,) = (service for service in world.product.services if service.name == "feedback")
    for job in feedback.jobs:
        if job.name.startswith("ends of "):
            while await job.run(feedback.works):
                pass


async def _was_told(receiver: Receiver, case_id: str) -> Any:
    return [each for each in receiver.taken if each.event["data"]["case_id"] == case_id]


async def _titles(person: Person) -> set[str]:
    return {case["title"] for case in (await person.get("/v1/cases"))["items"]}
