"""Who owes a case, through the gateway and on both buses: hand-over, joint work, an appeal, and cases answered together."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TREE = (("county", None, "county"), ("east", "county", "township"), ("west", "county", "township"))
OPINION = {"channel": "public_opinion", "title": "The well is dry", "body": "Since May we carry water."}


@dataclass
class Town:
    """A county with two townships, an official in each, and two residents."""

    world: World
    units: dict[str, str]
    people: dict[str, Person]

    async def opinion(self, who: str, unit: str) -> str:
        filed = await self.people[who].post("/v1/opinions", {**OPINION, "unit_id": self.units[unit]}, expect=201)
        return str(filed["case_id"])

    async def do(self, who: str, case_id: str, verb: str, body: Any = None) -> Any:
        return await self.people[who].post(f"/v1/cases/{case_id}/{verb}", body)

    async def read(self, who: str, case_id: str) -> Any:
        return await self.people[who].get(f"/v1/cases/{case_id}")

    async def counts(self, unit: str) -> Any:
        return (await self.people["county"].get(f"/v1/units/{self.units[unit]}/scorecard"))["cases"]


async def _settle(world: World) -> Town:
    admin = await world.sign_in()
    units: dict[str, str] = {}
    for code, parent, level in TREE:
        parent_id = units[parent] if parent else None
        unit = {"code": code, "name": f"The {code}", "level": level, "parent_id": parent_id}
        units[code] = (await admin.post("/v1/units", unit, expect=201))["id"]
    people = {"admin": admin, "nobody": world.nobody}
    for username, unit_id in (*units.items(), ("first", None), ("second", None)):
        role = "official" if unit_id else "resident"
        account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
        await admin.post("/v1/accounts", account, expect=201)
        people[username] = await world.sign_in(username, PASSWORD)
    return Town(world, units, people)


async def test_a_case_changes_hands_is_worked_on_together_appealed_and_answered(databases: Databases, bus: Bus) -> None:
    async with open_world(databases, bus, clock=ManualClock(datetime.now(UTC))) as world:
        town = await _settle(world)
        case_id = await town.opinion("first", "east")
        await _hand_over(town, case_id)
        await _work_together(town, case_id)
        await _reject_and_appeal(town, case_id)
        await town.do("west", case_id, "answer", {"text": "The pump is new."})
        confirmed = await town.do("first", case_id, "confirm", {"resolved": True})
        assert confirmed["state"] == "confirmed_resolved"
        await eventually(lambda: _all_counts_for(town, "west", confirmed=1, reopened=1))


async def _hand_over(town: Town, case_id: str) -> None:
    body = {"unit_id": town.units["west"], "reason": "The well is in the west."}
    await town.do("east", case_id, "hand-over", body)
    seen = await town.read("first", case_id)
    assert [(owner["name"], owner["reason"]) for owner in seen["owners"]] == [("The east", None), ("The west", body["reason"])]
    assert (await town.read("east", case_id))["allowed"] == []
    await eventually(lambda: _all_counts_for(town, "west", opened=1))


async def _all_counts_for(town: Town, unit: str, **expected: int) -> bool:
    """All that is known of the case counts for its last owner, and nothing for the one before."""
    now, before = await town.counts(unit), await town.counts("east")
    return expected.items() <= now.items() and set(before.values()) == {0}


async def _work_together(town: Town, case_id: str) -> None:
    await town.do("west", case_id, "joint-units", {"unit_id": town.units["east"], "task": "Lend the pump"})
    assert (await town.read("east", case_id))["allowed"] == ["message", "leave"]
    await town.do("east", case_id, "messages", {"text": "It comes on Monday."})
    await town.do("east", case_id, f"joint-units/{town.units['east']}/leave", {"reason": "Lent"})
    (joint,) = await town.people["first"].get(f"/v1/cases/{case_id}/joint-units")
    assert (joint["name"], joint["state"]) == ("The east", "left")


async def _reject_and_appeal(town: Town, case_id: str) -> None:
    await town.do("west", case_id, "reject", {"reason": "It is nobody's well."})
    assert (await town.read("first", case_id))["allowed"] == ["appeal"]
    await town.do("first", case_id, "appeal", {"reason": "It is on the map."})
    seen = await town.read("county", case_id)
    assert (seen["allowed"], seen["rejection"]["reason"]) == (["uphold", "overturn"], "It is nobody's well.")
    await town.do("county", case_id, "appeal/decide", {"decision": "overturn", "reason": "The map is right."})
    seen = await town.read("first", case_id)
    assert (seen["state"], seen["appeal"]["decision_reason"]) == ("in_progress", "The map is right.")


async def test_cases_about_the_same_matter_are_answered_together(databases: Databases, bus: Bus) -> None:
    async with open_world(databases, bus, clock=ManualClock(datetime.now(UTC))) as world:
        town = await _settle(world)
        main, follower = await town.opinion("first", "east"), await town.opinion("second", "east")
        await town.do("east", follower, "merge", {"into_case_id": main, "reason": "The same well"})
        assert [case["id"] for case in await town.people["east"].get(f"/v1/cases/{main}/merged")] == [follower]
        await town.do("east", main, "answer", {"text": "The pump is new."})
        seen = await town.read("second", follower)
        assert (seen["state"], seen["merged"], seen["merged_into"]) == ("answered", True, None)
        await town.do("second", follower, "confirm", {"resolved": False})
        assert (await town.read("second", follower))["merged"] is False
        await eventually(lambda: _counts_are(town, "east", answered=2, refused=1))


async def _counts_are(town: Town, unit: str, **expected: int) -> bool:
    counts: dict[str, int] = await town.counts(unit)
    return expected.items() <= counts.items()


async def test_an_anonymous_speaker_appeals_through_the_gateway(databases: Databases, bus: Bus) -> None:
    async with open_world(databases, bus, clock=ManualClock(datetime.now(UTC))) as world:
        town = await _settle(world)
        said = {**OPINION, "unit_id": town.units["east"], "protection": "anonymous"}
        filed = await world.nobody.post("/v1/opinions", said, expect=201)
        await town.do("east", filed["case_id"], "reject", {"reason": "It is nobody's well."})
        receipt = {"receipt": filed["receipt"]}
        case = await world.nobody.post("/v1/receipts/appeal", {**receipt, "reason": "It is on the map."})
        assert (case["appeal_unit_id"], case["allowed"]) == (town.units["county"], [])
        decided = {"decision": "uphold", "reason": "The map is wrong."}
        await town.do("county", filed["case_id"], "appeal/decide", decided)
        opened = await world.nobody.post("/v1/receipts/open", receipt)
        assert opened["case"]["appeal"]["decision_reason"] == "The map is wrong."
