"""A standard that asks what changed for people and forbids closing in bulk, from its draft to the grades by it. Through the
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
NEED = {"kind": "case", "id_or_code": "00000000-0000-0000-0000-000000000007"}


async def test_what_residents_notice_is_graded_and_who_closes_in_bulk_is_not_qualified(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await _unit(admin, "county", None)
        units = {code: await _unit(admin, code, county) for code in ("mill", "ford")}
        upper = await _engage(world, admin, "upper", "lead", county)
        heads = {code: await _engage(world, admin, f"head-of-{code}", "lead", unit_id) for code, unit_id in units.items()}
        residents = [await _engage(world, admin, f"resident-{number}", "resident", None) for number in range(5)]
        signers = [await _engage(world, admin, name, "inspector", None) for name in ("roaming", "fresh")]

        # 1. The standard says what counts and what decides alone; residents may comment, the past is tried, and it counts.
        draft = await admin.post("/v1/standards", _standard(), expect=201)
        clock.advance(days=14)
        run = await admin.post(f"/v1/standards/{draft['id']}/dry-runs", _past(clock), expect=201)
        await eventually(lambda: _tried(admin, draft, run), within=30)
        await admin.post(f"/v1/standards/{draft['id']}/activate", {"reason": "Effects count."})
        span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
        campaign = {"code": "spring", "name": "Spring", "standard_id": draft["id"], "unit_id": county, **span}
        await admin.post("/v1/campaigns", campaign, expect=201)

        # 2. Both say what is to change, and it does: five residents notice it in the one place, four of them in the other.
        for code, noticed in (("mill", 5), ("ford", 4)):
            await _reach(heads[code], residents, units[code], clock, noticed=noticed)

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
            await _publish(signers, admin, unit_id)
        shown = {code: await nobody.get(f"/v1/public/units/{unit_id}/grade") for code, unit_id in units.items()}
        assert (shown["ford"]["value"], shown["ford"]["composite"]) == ("qualified", 0.8)
        assert (shown["mill"]["value"], shown["mill"]["composite"]) == ("unqualified", 1.0)
        (gate,) = shown["mill"]["explanation"]["gates"]
        assert (gate["code"], gate["count"], gate["since"]) == ("upheld_alarm", 1, "2026-05-18")
        for code in units:
            assert (await admin.get(f"/v1/grades/{shown[code]['id']}/recomputation"))["same"]


def _standard() -> dict[str, Any]:
    effect = {"code": "effect", "name": "Effect", "weight": 100, "source": "measured", "indicator": "outcomes"}
    criteria = [{**effect, "minimum_sample": 1, "owner": "Statistics"}]
    return {"code": "effects", "name": "Effects", "level": "township", "criteria": criteria, "gates": ["upheld_alarm"]}


def _past(clock: ManualClock) -> dict[str, str]:
    return {"since": (clock() - timedelta(days=30)).isoformat(), "until": clock().isoformat()}


async def _tried(admin: Person, draft: Any, run: Any) -> Any:
    return (await admin.get(f"/v1/standards/{draft['id']}/dry-runs/{run['id']}"))["finished_at"]


async def _unit(admin: Person, code: str, parent_id: str | None) -> str:
    level = "township" if parent_id else "county"
    made = await admin.post("/v1/units", {"code": code, "name": code.title(), "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


async def _engage(world: World, admin: Person, name: str, role: str, unit_id: str | None) -> Person:
    await admin.post("/v1/accounts", {"username": name, "password": PASSWORD, "role": role, "unit_id": unit_id})
    return await world.sign_in(name, PASSWORD)


async def _reach(head: Person, residents: list[Person], unit_id: str, clock: ManualClock, *, noticed: int) -> None:
    """What was wanted, measured at once; so many of the residents notice it."""
    today = clock().date()
    said = {
        "unit_id": unit_id,
        "title": "Water in the upper houses",
        "indicator": {"name": "Hours with water", "unit_of_measure": "hours a day", "better": "higher"},
        "baseline": {"value": 2, "on": today.isoformat(), "evidence": [PAGE]},
        "target": {"value": 8, "on": (today + timedelta(days=20)).isoformat()},
        "beneficiaries": "Households on the upper line",
        "needs": [NEED],
    }
    path = f"/v1/outcomes/{(await head.post('/v1/outcomes', said, expect=201))['id']}"
    measured = {"value": 8, "measured_on": today.isoformat(), "evidence": [PAGE]}
    await head.post(f"{path}/measurements", measured, expect=201)
    await head.post(f"{path}/publish")
    for number, resident in enumerate(residents):
        await resident.post(f"{path}/confirm", {"noticed": "yes" if number < noticed else "no"})


async def _speak(resident: Person, unit_id: str) -> str:
    said = {"channel": "public_opinion", "title": "No light", "body": "The lamp is out.", "unit_id": unit_id}
    case_id: str = (await resident.post("/v1/opinions", said))["case_id"]
    return case_id


async def _alarms(upper: Person) -> Any:
    return (await upper.get("/v1/alarms"))["items"]


async def _publish(signers: list[Person], admin: Person, unit_id: str) -> None:
    grade: Any = await eventually(lambda: _grade(admin, unit_id), within=30)
    for signer in signers:
        await signer.post(f"/v1/grades/{grade['id']}/sign", headers={"If-Match": f'"{grade["version"]}"'})


async def _grade(admin: Person, unit_id: str) -> Any:
    found = (await admin.get("/v1/grades", unit_id=unit_id))["items"]
    return found[-1] if found else None
