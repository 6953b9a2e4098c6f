"""What a unit keeps up without any campaign, from cases that were answered and outcomes that residents notice. Through the
gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.outcomes import reach
from tests.support.world import Person, open_world


async def test_a_unit_is_scored_by_what_it_keeps_up_when_no_campaign_runs(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await admin.register("county", "county")
        mill, ford = [await admin.register(code, "township", county) for code in ("mill", "ford")]
        upper = await admin.engage("upper", "lead", county)
        heads = {unit_id: await admin.engage(f"head-{unit_id}", "lead", unit_id) for unit_id in (mill, ford)}
        residents = [await admin.engage(f"resident-{number}", "resident", None) for number in range(5)]

        # 1. So far nothing is known, which is no zero.
        alone = (await nobody.get(f"/v1/public/units/{mill}/mechanism"))["spans"][0]["own"]
        assert (alone["score"], alone["rests_on"]) == (None, [])
        assert alone["not_scored"].startswith("not scored: response needs 5 cases due a first answer, has 0")

        # 2. The mill answers five cases in time; what it wanted to change has changed, and four of five residents notice it.
        for unit_id, cases in ((mill, 5), (ford, 3)):
            for number in range(cases):
                said = {"channel": "public_opinion", "title": f"Lamp {number}", "body": "It is dark.", "unit_id": unit_id}
                case_id = (await residents[0].post("/v1/opinions", said))["case_id"]
                await heads[unit_id].post(f"/v1/cases/{case_id}/answer", {"text": "Mended."})
        await reach(heads[mill], residents, mill, clock, days=7, noticed=4)
        clock.advance(days=8)
        own = await eventually(lambda: _heard(nobody, mill, answers=5))
        assert (own["score"], own["rests_on"]) == (0.9, ["response", "outcomes"])
        assert [each["value"] for each in own["habits"]] == [1.0, None, None, 0.8, None]
        assert own["habits"][4]["missing"] == "inspections are not recorded yet"

        # 3. The ford has too few cases of its own; for the county they count together with the mill's.
        few = await eventually(lambda: _heard(nobody, ford, answers=3))
        assert few["score"] is None
        found = await upper.get(f"/v1/units/{county}/mechanism")
        whole = found["spans"][0]["with_below"]
        assert (found["units"], whole["habits"][0]["n"], whole["score"]) == (3, 8, 0.9)
        assert found["campaign_grade"] is None


async def _heard(reader: Person, unit_id: str, *, answers: int) -> Any:
    """What the unit keeps up, once so many answers have arrived."""
    own = (await reader.get(f"/v1/public/units/{unit_id}/mechanism"))["spans"][0]["own"]
    return own if own["habits"][0]["n"] == answers else None
