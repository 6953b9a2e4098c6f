from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from services.assessment.comparisons.queries import RESULTS
from services.assessment.jobs import propose_grades
from shared.auth import ANONYMOUS, Role
from tests.assessment.cases import START, judged_cases, retaliation_decided
from tests.assessment.office import Office, assert_problem
from tests.assessment.profiles.test_cost import scans
from tests.assessment.profiles.test_routes import declare
from tests.support.callers import principal

SIGNERS = [principal(Role.inspector), principal(Role.inspector)]


async def judge(office: Office, units: Mapping[str, Any], resolved: Mapping[str, int], *, code: str = "basic") -> Any:
    """A campaign over every unit that has ended: of ten cases that each of these answered in time so many are resolved."""
    campaign = await office.schedule_campaign(None, await office.adopt_standard(code), code=code)
    hours = (office.clock() - START).total_seconds() / 3600 + 1
    for name, number in resolved.items():
        said = {"judged": 10, "rated": 10, "resolved": number, "satisfied": number}
        await office.hear(judged_cases(units[name], due=10, in_time=10, hours=hours, **said))
    office.clock.advance(days=31)
    while await propose_grades(office.service.works):
        pass
    return campaign


async def publish(office: Office, campaign: Any, *units: Any) -> None:
    for unit in units:
        found = await office.get("/v1/grades", unit_id=unit["id"], campaign_id=campaign["id"])
        for signer in SIGNERS:
            path, headers = f"/v1/grades/{found['items'][0]['id']}/sign", {"If-Match": '"1"'}
            answer = await office.client.post(path, caller=signer, json={}, headers=headers)
            assert answer.status_code == 200, answer.text


async def place(office: Office, unit: Any) -> Any:
    return await office.get(f"/v1/public/units/{unit['id']}/grade/peers", ANONYMOUS)


RESOLVED = {"one": 10, "two": 8, "three": 8, "four": 6, "five": 2}


async def townships(office: Office, *names: str, **profile: Any) -> dict[str, Any]:
    units = {name: await office.register_unit(name, "township") for name in names}
    for unit in units.values():
        await declare(office, unit, **profile)
    return units


async def test_a_unit_has_its_place_among_the_grades_of_its_peers(office: Office) -> None:
    """0.10 + 0.90 x resolved: 1.00, 0.82 twice, 0.64 and 0.28."""
    units = await townships(office, *RESOLVED)
    campaign = await judge(office, units, RESOLVED)
    await publish(office, campaign, *units.values())
    assert await place(office, units["two"]) == {
        "unit_id": units["two"]["id"],
        "standard": {"id": campaign["standard_id"], "code": "basic", "version": 1},
        "peer_group": "township.hills.1e4",
        "value": "qualified",
        "composite": 0.82,
        "place": 2,
        "of": 5,
        "shared_by": 2,
        "lower_quartile": 0.64,
        "median": 0.82,
        "upper_quartile": 0.82,
        "not_shown": None,
    }
    found = {name: await place(office, unit) for name, unit in units.items()}
    assert [each["place"] for each in found.values()] == [1, 2, 2, 4, 5]


async def test_nothing_outside_the_group_moves_a_place(office: Office) -> None:
    """Another terrain, another size, no profile, another version, no composite, and what nobody has published."""
    units = await townships(office, *RESOLVED, "silent", "unsigned", "elsewhere")
    units |= await townships(office, "city", terrain="city") | await townships(office, "small", population=9_999)
    units["undeclared"] = await office.register_unit("undeclared", "township")
    best = dict.fromkeys(("unsigned", "city", "small", "undeclared"), 10)
    campaign = await judge(office, units, {**RESOLVED, **best})
    await publish(office, campaign, *(units[name] for name in RESOLVED))
    before = {name: await place(office, units[name]) for name in RESOLVED}
    assert before["one"]["of"] == 5
    await publish(office, campaign, *(units[name] for name in ("city", "small", "undeclared", "silent")))
    again = await judge(office, units, {"elsewhere": 10}, code="other")
    await publish(office, again, units["elsewhere"])
    assert {name: await place(office, units[name]) for name in RESOLVED} == before


async def test_a_gate_leaves_no_good_place(office: Office) -> None:
    units = await townships(office, *RESOLVED)
    await office.hear([retaliation_decided(units["one"])])
    campaign = await judge(office, units, RESOLVED)
    await publish(office, campaign, *units.values())
    gated = await place(office, units["one"])
    assert (gated["value"], gated["composite"], gated["place"]) == ("unqualified", 1.0, 4)
    assert (await place(office, units["two"]))["place"] == 1


async def test_where_there_is_no_place_the_answer_says_why(office: Office) -> None:
    units = await townships(office, "one", "two", "three", "four", "silent")
    units["undeclared"] = await office.register_unit("undeclared", "township")
    resolved = {"one": 10, "two": 8, "three": 8, "four": 6, "undeclared": 9}
    campaign = await judge(office, units, resolved)
    await publish(office, campaign, *units.values())
    nothing = dict.fromkeys(("place", "of", "shared_by", "lower_quartile", "median", "upper_quartile"))
    for name, reason in (
        ("one", "units of its peer group graded by this version: 4 with it, and a place needs 5"),
        ("silent", "it is not graded: what is missing has no place"),
        ("undeclared", "it has declared no profile"),
    ):
        found = await place(office, units[name])
        assert found["not_shown"].startswith(reason)
        assert found.items() >= nothing.items()


async def test_a_unit_without_a_published_grade_has_no_place(office: Office) -> None:
    units = await townships(office, "one")
    path = "/v1/public/units/{}/grade/peers"
    assert_problem(await office.client.get(path.format(units["one"]["id"])), 404, "grade-not-published")
    assert_problem(await office.client.get(path.format(uuid4())), 404, "unit-not-found")
    assert_problem(await office.client.get(path.format("17")), 422)


MANY = """
WITH made AS (
    INSERT INTO units (id, code, name, level, path, version, registered_at)
    SELECT uuidv7(), 'unit-' || n, 'Unit', 'township', 'unit-' || n, 1, now() FROM generate_series(1, 20000) AS n
    RETURNING id, code
), declared AS (
    INSERT INTO unit_profiles (id, unit_id, version, as_of, population, staff, terrain, peer_group, source, newest, declared_by,
        declared_at)
    SELECT uuidv7(), id, 1, DATE '2026-01-01', 20000, 9, 'hills',
        CASE WHEN right(code, 2) = '07' THEN 'township.hills.1e4' ELSE 'township.city.1e4' END, 'Census', true, uuidv7(), now()
    FROM made
)
INSERT INTO grades (id, unit_id, campaign_id, standard_id, cause, state, version, value, reason, composite, evidence, corrections,
    proposed_at, published_at, objectable_until, valid_until, plan_told)
SELECT uuidv7(), id, $1, $2, 'campaign', 'published', 1, 'qualified', '', '7/10',
    jsonb_build_object('as long as evidence is', repeat('.', 1500)), '[]', now(), now(), now(), now(), false
FROM made
"""


async def test_the_grades_of_other_groups_are_not_read(office: Office) -> None:
    standard = await office.adopt_standard()
    campaign = await office.schedule_campaign(None, standard)
    pool = office.service.database.pool
    await pool.execute(MANY, UUID(campaign["id"]), UUID(standard["id"]))
    await pool.execute("ANALYZE")
    positional = str(RESULTS).replace(":group", "$1").replace(":standard", "$2")
    used = await scans(office, positional, "township.hills.1e4", UUID(standard["id"]))
    assert {node.get("Index Name") for node in used} == {"ix_unit_profiles_peers", "grades_standing"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in used) <= 2 * 200, "the group, and nothing else"
