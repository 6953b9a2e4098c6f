import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sqlalchemy_event

from services.assessment.profiles.queries import profiles_of
from services.assessment.profiles.rules import Profile
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import Terrain, UnitProfileDeclared
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

PROFILE = {"population": 12_345, "staff": 40, "terrain": "hills", "as_of": "2026-01-31", "source": "七人普查 Census, table 3"}


def lead_of(unit: Any, role: Role = Role.lead) -> Principal:
    return principal(role, UUID(unit["id"]))


async def declare(office: Office, unit: Any, caller: Principal = ADMIN, **fields: Any) -> Any:
    return await office.post(f"/v1/units/{unit['id']}/profiles", {**PROFILE, **fields}, caller)


async def known(office: Office, units: list[Any], on: date) -> dict[UUID, Profile]:
    async with office.service.works.begin() as uow:
        return await profiles_of(uow, [UUID(unit["id"]) for unit in units], on)


async def test_declare_profile_is_public_and_tells_numbers_alone(office: Office) -> None:
    unit = await office.register_unit("north", "township")
    told = await declare(office, unit, lead_of(unit))
    assert told == {
        **PROFILE,
        "unit_id": unit["id"],
        "version": 1,
        "peer_group": "township.hills.1e4",
        "newest": True,
        "declared_at": "2026-03-02T09:30:15.123456Z",
    }
    assert await office.get(f"/v1/public/units/{unit['id']}/profile", ANONYMOUS) == told
    assert (await office.get(f"/v1/units/{unit['id']}/profiles", principal(Role.resident)))["items"] == [told]
    [event] = await office.recorded(UnitProfileDeclared)
    assert event.model_dump(mode="json") == {name: told[name] for name in told if name not in ("source", "peer_group", "newest")}


async def test_the_newest_day_counts_and_of_one_day_the_newest_declaration(office: Office) -> None:
    unit = await office.register_unit("north", "township")
    said = [("2026-01-31", 100), ("2026-02-28", 200), ("2026-01-31", 300), ("2026-02-28", 400), ("2025-12-31", 500)]
    for as_of, population in said:
        await declare(office, unit, as_of=as_of, population=population)
    assert (await office.get(f"/v1/public/units/{unit['id']}/profile"))["population"] == 400
    declared = (await office.get(f"/v1/units/{unit['id']}/profiles"))["items"]
    assert [(each["as_of"], each["population"]) for each in declared] == said, "nothing is ever edited"
    assert [each["version"] for each in declared] == [1, 2, 3, 4, 5]
    assert [each["newest"] for each in declared] == [False, False, False, True, False]


async def test_profiles_of_many_units_on_a_day_are_one_query(office: Office) -> None:
    units = [await office.register_unit(f"unit-{number}", "township") for number in range(4)]
    for number, unit in enumerate(units[:3]):
        await declare(office, unit, as_of="2026-01-01", population=10 + number)
        await declare(office, unit, as_of="2026-02-01", population=20 + number)
    await declare(office, units[0], as_of="2026-01-01", population=99)
    statements: list[str] = []
    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    january = await known(office, units, date(2026, 1, 31))
    assert len(statements) == 1
    ids = [UUID(unit["id"]) for unit in units]
    assert january == {id: Profile(number, 40, Terrain.hills) for id, number in zip(ids[:3], (99, 11, 12), strict=True)}
    february = await known(office, units, date(2026, 2, 1))
    assert [february[id].population for id in ids[:3]] == [20, 21, 22]
    assert await known(office, units, date(2025, 12, 31)) == {}
    assert await known(office, [], date(2026, 2, 1)) == {}


async def test_peers_are_of_one_level_terrain_and_size(office: Office) -> None:
    county = await office.register_unit("county", "county")
    units = {name: await office.register_unit(name, "township", county) for name in ("own", "like", "small", "city", "silent")}
    own = await declare(office, units["own"])
    like = await declare(office, units["like"], population=99_999, staff=0)
    await declare(office, units["small"], population=9_999)
    await declare(office, units["city"], terrain="city")
    await declare(office, county)
    peers = await office.get(f"/v1/units/{units['own']['id']}/peers", principal(Role.resident))
    named = {name: units["like"][name] for name in ("code", "name", "level", "path")}
    assert peers == {"items": [{**named, "unit_id": units["like"]["id"], "profile": like}], "next_cursor": None}
    [back] = (await office.get(f"/v1/units/{units['like']['id']}/peers"))["items"]
    assert back["profile"] == own
    await declare(office, units["small"], population=10_000, as_of="2026-02-28")
    peers = await office.get(f"/v1/units/{units['own']['id']}/peers")
    assert [peer["code"] for peer in peers["items"]] == ["like", "small"], "as it is now"
    await declare(office, units["like"], population=1, as_of="2025-01-01")
    assert len((await office.get(f"/v1/units/{units['own']['id']}/peers"))["items"]) == 2, "the past changes nothing now"


async def test_peers_come_in_pages(office: Office) -> None:
    units = [await office.register_unit(f"unit-{number}", "township") for number in range(6)]
    for unit in units:
        await declare(office, unit)
    path = f"/v1/units/{units[0]['id']}/peers"
    page = await office.get(path, limit=3)
    rest = await office.get(path, limit=3, cursor=page["next_cursor"])
    assert [peer["unit_id"] for peer in page["items"] + rest["items"]] == [unit["id"] for unit in units[1:]]
    assert rest["next_cursor"] is None


async def test_a_unit_without_a_profile_is_told_what_to_do(office: Office) -> None:
    unit = await office.register_unit("north", "township")
    for path in (f"/v1/units/{unit['id']}/peers", f"/v1/public/units/{unit['id']}/profile"):
        answer = await office.client.get(path, caller=ADMIN)
        assert_problem(answer, 404, "profile-not-found")
        assert "POST /v1/units/{id}/profiles" in answer.json()["detail"]
    assert (await office.get(f"/v1/units/{unit['id']}/profiles"))["items"] == []


async def test_declare_profile_refusals(office: Office) -> None:
    county = await office.register_unit("county", "county")
    unit = await office.register_unit("north", "township", county)
    path = f"/v1/units/{unit['id']}/profiles"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"as_of": "2026-03-03"}, "profile-in-the-future"),
        ({"population": 0}, "invalid-request"),
        ({"population": 2_000_000_001}, "invalid-request"),
        ({"population": 1.5}, "invalid-request"),
        ({"population": "10"}, "invalid-request"),
        ({"population": True}, "invalid-request"),
        ({"staff": -1}, "invalid-request"),
        ({"staff": 10_000_001}, "invalid-request"),
        ({"terrain": "swamp"}, "invalid-request"),
        ({"as_of": "2026-02-30"}, "invalid-request"),
        ({"as_of": 17}, "invalid-request"),
        ({"source": "  "}, "invalid-request"),
        ({"source": "\x00"}, "invalid-request"),
        ({"source": "x" * 201}, "invalid-request"),
        ({"version": 7}, "invalid-request"),
    ]
    for fields, slug in refused:
        assert_problem(await office.client.post(path, caller=ADMIN, json={**PROFILE, **fields}), 422, slug)
    nowhere = await office.client.post(f"/v1/units/{uuid4()}/profiles", caller=ADMIN, json=PROFILE)
    assert_problem(nowhere, 404, "unit-not-found")
    for caller in (lead_of(county), principal(Role.lead)):
        assert_problem(await office.client.post(path, caller=caller, json=PROFILE), 403, "profile-not-yours")
    for role in (Role.resident, Role.official, Role.inspector):
        assert_problem(await office.client.post(path, caller=lead_of(unit, role), json=PROFILE), 403, "role-not-allowed")
    assert_problem(await office.client.post(path, caller=ANONYMOUS, json=PROFILE), 401)
    assert await office.recorded(UnitProfileDeclared) == []


@pytest.mark.parametrize("path", ["/v1/units/{}/profiles", "/v1/units/{}/peers"])
async def test_reading_profiles_bad_requests(office: Office, path: str) -> None:
    unit = await office.register_unit("north", "township")
    await declare(office, unit)
    for query in HOSTILE_QUERIES:
        assert_problem(await office.client.get(path.format(unit["id"]), caller=ADMIN, params=query), 422)
    assert_problem(await office.client.get(path.format(uuid4()), caller=ADMIN), 404, "unit-not-found")
    assert_problem(await office.client.get(path.format("17"), caller=ADMIN), 422)
    assert_problem(await office.client.get(path.format(unit["id"]), caller=ANONYMOUS), 401)


async def test_declarations_at_once_leave_one_that_counts(office: Office) -> None:
    unit = await office.register_unit("north", "township")
    await asyncio.gather(*(declare(office, unit, population=number) for number in range(1, 7)))
    declared = (await office.get(f"/v1/units/{unit['id']}/profiles", limit=10))["items"]
    assert sorted(each["version"] for each in declared) == [1, 2, 3, 4, 5, 6]
    assert [each["version"] for each in declared if each["newest"]] == [6]
