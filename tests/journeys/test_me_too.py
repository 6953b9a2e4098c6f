"""Several people have one concern, through the gateway and on both buses: found before it is filed again, endorsed, answered
together, judged by each alone, and heard of by those who oversee."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TREE = (("county", None, "county"), ("east", "county", "township"))
OPINION = {"channel": "public_opinion", "title": "The well is dry", "body": "Since May we carry water.", "category": "water"}
EVENTS = [f"massline.feedback.case.{past}.v1" for past in ("endorsed", "merged", "unmerged", "answered")]


@dataclass
class Village:
    """An official of the east, a lead of the county, and residents."""

    world: World
    units: dict[str, str]
    people: dict[str, Person]

    async def file(self, who: str, **said: Any) -> Any:
        return await self.people[who].post("/v1/opinions", {**OPINION, "unit_id": self.units["east"], **said}, expect=201)

    async def do(self, who: str, case_id: str, verb: str, body: Any = None) -> Any:
        return await self.people[who].post(f"/v1/cases/{case_id}/{verb}", body)

    async def share(self, case_id: str) -> None:
        """Its speaker lets others read it."""
        feedback = next(service for service in self.world.product.services if service.name == "feedback")
        await feedback.database.pool.execute("UPDATE cases SET shared = true WHERE id = $1", UUID(case_id))


async def _settle(world: World) -> Village:
    admin = await world.sign_in()
    units: dict[str, str] = {}
    for code, parent, level in TREE:
        unit = {"code": code, "name": f"The {code}", "level": level, "parent_id": units[parent] if parent else None}
        units[code] = (await admin.post("/v1/units", unit, expect=201))["id"]
    people = {"admin": admin, "nobody": world.nobody}
    roles = {"clerk": ("official", units["east"]), "lead": ("lead", units["county"])}
    for username in ("clerk", "lead", "first", "second", "third"):
        role, unit_id = roles.get(username, ("resident", None))
        account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
        await admin.post("/v1/accounts", account, expect=201)
        people[username] = await world.sign_in(username, PASSWORD)
    return Village(world, units, people)


async def test_one_concern_of_many_is_answered_together_and_judged_by_each(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, clock=clock, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as world,
    ):
        village = await _settle(world)
        await village.people["admin"].post("/v1/webhooks", {"url": receiver.url, "event_types": EVENTS}, expect=201)
        main = (await village.file("first"))["case_id"]
        await village.share(main)
        await _find_and_endorse(village, main)
        third = (await village.file("third", title="Our well has no water"))["case_id"]
        anonymous = await village.file("nobody", title="The well gives no water", protection="anonymous")
        await _merge(village, main, [third, anonymous["case_id"]])
        await _everybody_is_told(village, third, anonymous["receipt"])
        await _answer_and_judge(village, main, third, anonymous["receipt"])
        await eventually(lambda: _heard(receiver, endorsed=1, merged=2, answered=3, unmerged=1))
        clock.advance(days=7)
        await _signal(village)


async def _find_and_endorse(village: Village, main: str) -> None:
    """Who is about to say the same finds that it was said, signed in or not, and says "me too" instead."""
    draft = {"title": "There is no water in the well", "body": "We carry water.", "unit_id": village.units["east"]}
    for who in ("nobody", "second"):
        found = await village.people[who].post("/v1/opinions/similar", draft)
        assert [item["case_id"] for item in found["items"]] == [main]
    shown = await village.do("second", main, "endorse")
    assert (shown["endorsement_count"], shown["endorsed"]) == (1, True)
    assert (await village.people["clerk"].get(f"/v1/cases/{main}"))["endorsement_count"] == 1


async def _merge(village: Village, main: str, others: list[str]) -> None:
    """The official is shown what is likely the same, also what is not shared."""
    found = await village.people["clerk"].get(f"/v1/cases/{main}/similar")
    assert {item["case_id"] for item in found["items"]} == set(others)
    for case_id in others:
        await village.do("clerk", case_id, "merge", {"into_case_id": main, "reason": "The same well."})


async def _everybody_is_told(village: Village, third: str, receipt: str) -> None:
    case = await village.people["third"].get(f"/v1/cases/{third}")
    timeline = await village.people["third"].get(f"/v1/cases/{third}/timeline")
    opened = await village.world.nobody.post("/v1/receipts/open", {"receipt": receipt})
    assert case["merged"]
    assert opened["case"]["merged"]
    assert [acts[-1]["reason"] for acts in (timeline, opened["timeline"])] == ["The same well."] * 2


async def _answer_and_judge(village: Village, main: str, third: str, receipt: str) -> None:
    await village.do("clerk", main, "answer", {"text": "The pump is new.", "outcome": "There is water."})
    for who, case_id in (("first", main), ("third", third)):
        assert (await village.people[who].get(f"/v1/cases/{case_id}"))["outcome"] == "There is water."
    opened = await village.world.nobody.post("/v1/receipts/open", {"receipt": receipt})
    assert (opened["case"]["state"], opened["messages"][-1]["text"]) == ("answered", "The pump is new.")
    endorsed = await village.people["second"].get(f"/v1/shared-cases/{main}")
    assert (endorsed["state"], endorsed["outcome"]) == ("answered", "There is water.")

    confirmed = await village.do("first", main, "confirm", {"resolved": True})
    refused = await village.do("third", third, "confirm", {"resolved": False})
    by_receipt = await village.world.nobody.post("/v1/receipts/confirm", {"receipt": receipt, "resolved": True})
    assert [case["state"] for case in (confirmed, refused, by_receipt)] == [
        "confirmed_resolved",
        "in_progress",
        "confirmed_resolved",
    ]
    assert refused["merged"] is False
    assert (await village.people["second"].get(f"/v1/shared-cases/{main}"))["state"] == "confirmed_resolved"


async def _heard(receiver: Receiver, **expected: int) -> bool:
    """By another system: the events, and no word of anybody."""
    counted = Counter(type.removeprefix("massline.feedback.case.").removesuffix(".v1") for type in receiver.types())
    assert counted == expected
    assert not any(b"well" in delivery.body or b"water." in delivery.body for delivery in receiver.taken)
    return True


async def _signal(village: Village) -> None:
    """Two more in the week, and those who oversee are told of five; of what was said four times they would not be."""
    asked = {"unit_id": village.units["east"]}
    assert (await village.people["lead"].get("/v1/signals", **asked))["by_category"] == []
    for _ in range(2):
        await village.file("second")
    told = await village.people["lead"].get("/v1/signals", **asked)
    assert [(item["category"], item["recent"]) for item in told["by_category"]] == [("water", 5)]
