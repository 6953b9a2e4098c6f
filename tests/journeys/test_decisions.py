"""One register of what was decided about a unit, whoever decided it: through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.settling import settle
from tests.support.world import Person, open_world

TREE = (("county", "county", None), ("mill", "township", "county"))
PEOPLE = (("lin", "resident", None), ("miller", "official", "mill"), ("upper", "lead", "county"), ("roaming", "inspector", None))
WORDS = "The lamp stands in a private yard."


async def test_an_operator_lists_all_that_was_decided_about_a_unit(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        units, people = await settle(world, TREE, PEOPLE)

        # 1. A case is rejected, the unit above overturns that; another is answered, and nobody judges it in time.
        rejected, silent = [await _case(people["lin"], units["mill"], title) for title in ("Lamp", "Well")]
        await people["miller"].post(f"/v1/cases/{rejected}/reject", {"reason": WORDS, "ground": "not_our_duty"})
        await people["lin"].post(f"/v1/cases/{rejected}/appeal", {"reason": "It is a street."})
        decided = {"decision": "overturn", "reason": WORDS}
        await people["upper"].post(f"/v1/cases/{rejected}/appeal/decide", decided)
        await people["miller"].post(f"/v1/cases/{silent}/answer", {"text": "Mended."})
        clock.advance(days=31)

        # 2. The unit above asks more of it.
        haste = {"deadlines": {"first_answer": {"amount": 5, "unit": "days"}}}
        await people["upper"].post("/v1/policy-supplements", {"unit_id": units["mill"], "reason": "It is late.", **haste})

        # 3. One list has all of it, each with its rule, its reason and a role; of cases no word, and for administrators alone.
        register = await eventually(lambda: _decided(people["admin"], units["mill"], 4))
        assert {(each["kind"], each["rule"], each["reason"], each["actor_role"]) for each in register} == {
            ("case.rejected", "case.rejected-with-reason", "not_our_duty", "official"),
            ("appeal.overturned", "appeal.unit-above-decides", "stands_in_the_case", "lead"),
            ("case.lapsed", "case.judgement-window-passed", "nobody_judged", None),
            ("supplement.registered", "supplement.only-stricter", "It is late.", "lead"),
        }
        assert WORDS not in str(register)
        (seen,) = await _decided(people["upper"], units["mill"], 1)
        assert seen["kind"] == "supplement.registered"
        (public,) = (await people["nobody"].get("/v1/public/decisions", unit_id=units["mill"]))["items"]
        assert (public["actor_role"], public["actor_unit_id"], "actor_id" in public) == ("lead", units["county"], False)
        (told,) = [each for each in register if each["kind"] == "supplement.registered"]
        assert await _decided(people["roaming"], units["mill"], 1) == [told]
        assert told["actor_id"] is not None
        assert seen == {**told, "actor_id": None}


async def _case(speaker: Person, unit_id: str, title: str) -> str:
    said = {"channel": "public_opinion", "title": title, "body": "It is dark.", "unit_id": unit_id}
    case_id: str = (await speaker.post("/v1/opinions", said))["case_id"]
    return case_id


async def _decided(reader: Person, unit_id: str, count: int) -> list[Any]:
    items: list[Any] = (await reader.get("/v1/decisions", unit_id=unit_id))["items"]
    return items if len(items) == count else []
