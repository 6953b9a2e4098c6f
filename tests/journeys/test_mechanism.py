"""What a unit keeps up without any campaign, from cases that were answered and outcomes that residents notice. Through the
gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
PAGE = {"kind": "dataset", "url": "https://data.example.org/water.csv"}


async def test_a_unit_is_scored_by_what_it_keeps_up_when_no_campaign_runs(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await _unit(admin, "county", None)
        mill, ford = [await _unit(admin, code, county) for code in ("mill", "ford")]
        upper = await _engage(world, admin, "upper", "lead", county)
        heads = {unit_id: await _engage(world, admin, f"head-{unit_id}", "lead", unit_id) for unit_id in (mill, ford)}
        residents = [await _engage(world, admin, f"resident-{number}", "resident", None) for number in range(5)]

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
        await _reach(heads[mill], residents, mill, clock)
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


async def _unit(admin: Person, code: str, parent_id: str | None) -> str:
    level = "township" if parent_id else "county"
    made = await admin.post("/v1/units", {"code": code, "name": code.title(), "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


async def _engage(world: World, admin: Person, name: str, role: str, unit_id: str | None) -> Person:
    await admin.post("/v1/accounts", {"username": name, "password": PASSWORD, "role": role, "unit_id": unit_id})
    return await world.sign_in(name, PASSWORD)


async def _reach(head: Person, residents: list[Person], unit_id: str, clock: ManualClock) -> None:
    today = clock().date()
    said = {
        "unit_id": unit_id,
        "title": "Water in the upper houses",
        "indicator": {"name": "Hours with water", "unit_of_measure": "hours a day", "better": "higher"},
        "baseline": {"value": 2, "on": today.isoformat(), "evidence": [PAGE]},
        "target": {"value": 8, "on": (today + timedelta(days=7)).isoformat()},
        "beneficiaries": "Households on the upper line",
        "needs": [{"kind": "case", "id_or_code": "00000000-0000-0000-0000-000000000007"}],
    }
    path = f"/v1/outcomes/{(await head.post('/v1/outcomes', said, expect=201))['id']}"
    measured = {"value": 8, "measured_on": today.isoformat(), "evidence": [PAGE]}
    await head.post(f"{path}/measurements", measured, expect=201)
    await head.post(f"{path}/publish")
    for number, resident in enumerate(residents):
        await resident.post(f"{path}/confirm", {"noticed": "yes" if number < 4 else "no"})


async def _heard(reader: Person, unit_id: str, *, answers: int) -> Any:
    """What the unit keeps up, once so many answers have arrived."""
    own = (await reader.get(f"/v1/public/units/{unit_id}/mechanism"))["spans"][0]["own"]
    return own if own["habits"][0]["n"] == answers else None
