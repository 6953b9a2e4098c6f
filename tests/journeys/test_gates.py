"""A standard that asks what changed for people and forbids closing in bulk, from its draft to the grades by it. Through the
gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.grades import publish
from tests.support.outcomes import reach
from tests.support.standards import adopt_standard
from tests.support.world import Person, open_world

EFFECT = {"code": "effect", "weight": 100, "source": "measured", "indicator": "outcomes", "minimum_sample": 1}


async def test_what_residents_notice_is_graded_and_who_closes_in_bulk_is_not_qualified(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await admin.register("county", "county")
        units = {code: await admin.register(code, "township", county) for code in ("mill", "ford")}
        upper = await admin.engage("upper", "lead", county)
        heads = {code: await admin.engage(f"head-of-{code}", "lead", unit_id) for code, unit_id in units.items()}
        residents = [await admin.engage(f"resident-{number}", "resident", None) for number in range(5)]
        signers = [await admin.engage(name, "inspector", None) for name in ("roaming", "fresh")]

        # 1. The standard says what counts and what decides alone; residents may comment, the past is tried, and it counts.
        standard = await adopt_standard(admin, clock, "effects", [EFFECT], level="township", gates=["upheld_alarm"])
        span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
        campaign = {"code": "spring", "name": "Spring", "standard_id": standard["id"], "unit_id": county, **span}
        await admin.post("/v1/campaigns", campaign, expect=201)

        # 2. Both say what is to change, and it does: five residents notice it in the one place, four of them in the other.
        for code, noticed in (("mill", 5), ("ford", 4)):
            await reach(heads[code], residents, units[code], clock, days=20, noticed=noticed)

        # 3. The mill answers twenty cases in a day, and somebody above finds that they were closed to be closed.
        for case_id in [await _speak(residents[0], units["mill"]) for _ in range(20)]:
            await heads["mill"].post(f"/v1/cases/{case_id}/answer", {"text": "Done."})
        clock.advance(days=21)
        (alarm,) = await eventually(lambda: _alarms(upper), within=30)
        card = await upper.get(f"/v1/units/{units['mill']}/scorecard")
        assert (card["grade"]["value"], card["grade"]["explanation"]["gates"]) == ("excellent", [])
        await upper.post(f"/v1/alarms/{alarm['id']}/uphold", {"reason": "Nobody went there."})

        # 4. The grades are signed: whom residents bear out is qualified, and who closed in bulk is not, whatever they say.
        clock.advance(days=10)
        for unit_id in units.values():
            await publish(signers, admin, unit_id)
        shown = {code: await nobody.get(f"/v1/public/units/{unit_id}/grade") for code, unit_id in units.items()}
        assert (shown["ford"]["value"], shown["ford"]["composite"]) == ("qualified", 0.8)
        assert (shown["mill"]["value"], shown["mill"]["composite"]) == ("unqualified", 1.0)
        (gate,) = shown["mill"]["explanation"]["gates"]
        assert (gate["code"], gate["count"], gate["since"]) == ("upheld_alarm", 1, "2026-05-18")
        for code in units:
            assert (await admin.get(f"/v1/grades/{shown[code]['id']}/recomputation"))["same"]


async def _speak(resident: Person, unit_id: str) -> str:
    said = {"channel": "public_opinion", "title": "No light", "body": "The lamp is out.", "unit_id": unit_id}
    case_id: str = (await resident.post("/v1/opinions", said))["case_id"]
    return case_id


async def _alarms(upper: Person) -> Any:
    return (await upper.get("/v1/alarms"))["items"]
