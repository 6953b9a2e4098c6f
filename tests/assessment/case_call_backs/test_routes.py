import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import Role
from tests.assessment.cases import Story
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

SEED = "3 14 15 92 65 35"


async def answered(office: Office, unit: Any, number: int) -> list[str]:
    """The ids of as many cases that the unit answered in March; then it is April."""
    stories = [Story(unit) for _ in range(number)]
    await office.hear([story.answered(hours) for hours, story in enumerate(stories)])
    return [str(story.id) for story in stories]


async def draw(office: Office, unit: Any, caller: Any = ADMIN, **changed: Any) -> Any:
    body = {"unit_id": unit["id"], "month": "2026-03", "size": 6, "seed": SEED, **changed}
    return await office.client.post("/v1/case-call-backs", caller=caller, json=body)


async def drawn(office: Office, unit: Any, **changed: Any) -> Any:
    answer = await draw(office, unit, **changed)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def find(office: Office, call_back: Any, case_id: str, found: str) -> Any:
    path = f"/v1/case-call-backs/{call_back['id']}/results"
    return await office.client.post(path, caller=ADMIN, json={"case_id": case_id, "found": found})


async def find_all(office: Office, call_back: Any, *found: str) -> Any:
    for case, said in zip(call_back["cases"], found, strict=True):
        answer = await find(office, call_back, case["case_id"], said)
        assert answer.status_code == 200, answer.text
    return answer.json()


async def test_anybody_draws_the_same_cases_from_the_same_seed(office: Office) -> None:
    unit = await office.register_unit("north")
    ids = await answered(office, unit, 9)
    await office.hear(
        [Story(unit).answered(24 * 40), Story(unit).opened(), Story(await office.register_unit("south")).answered()]
    )
    office.clock.advance(days=45)
    call_back = await drawn(office, unit)
    assert (call_back["population"], call_back["size"], call_back["month"]) == (9, 6, "2026-03-01")
    expected = sorted(ids, key=lambda id: hashlib.sha256(f"{SEED}{id}".encode()).digest())[:6]
    assert [case["case_id"] for case in call_back["cases"]] == expected
    assert [case["place"] for case in call_back["cases"]] == [1, 2, 3, 4, 5, 6]
    assert await office.get(f"/v1/case-call-backs/{call_back['id']}") == call_back


async def test_a_month_is_drawn_from_once_and_when_it_is_over(office: Office) -> None:
    unit = await office.register_unit("north")
    await answered(office, unit, 2)
    assert_problem(await draw(office, unit), 422, "month-not-over")
    office.clock.advance(days=31)
    assert_problem(await draw(office, unit, month="2026-02"), 409, "no-cases-to-draw")
    assert (await drawn(office, unit))["size"] == 2
    assert_problem(await draw(office, unit, seed="another one"), 409, "drawn-already")


async def test_what_residents_say_stands_beside_the_gap_when_all_have_been_asked(office: Office) -> None:
    unit = await office.register_unit("north")
    await answered(office, unit, 9)
    office.clock.advance(days=45)
    call_back = await drawn(office, unit)
    said = ("confirmed", "confirmed", "not_confirmed", "confirmed", "not_reached")
    for case, found in zip(call_back["cases"], said, strict=False):
        assert (await find(office, call_back, case["case_id"], found)).status_code == 200
    assert (await office.scorecard(unit))["called_back"]["n"] == 0
    last = call_back["cases"][5]["case_id"]
    finished = (await find(office, call_back, last, "confirmed")).json()
    assert (finished["confirmed"], finished["reached"], finished["finished_at"] is None) == (4, 5, False)
    for caller in (ADMIN, principal(Role.resident)):
        rate = (await office.scorecard(unit, caller))["called_back"]
        assert (rate["value"], rate["n"]) == (0.8, 5)
        assert rate["low"] < 0.8 < rate["high"]
    [listed] = (await office.get("/v1/case-call-backs", unit_id=unit["id"]))["items"]
    assert (listed["confirmed"], listed["reached"]) == (4, 5)


async def test_a_call_back_that_reached_few_is_told_to_nobody_but_inspectors(office: Office) -> None:
    unit = await office.register_unit("north")
    await answered(office, unit, 5)
    office.clock.advance(days=45)
    finished = await find_all(office, await drawn(office, unit), *["confirmed"] * 4, "not_reached")
    assert finished["finished_at"] is not None
    assert (await office.scorecard(unit))["called_back"]["n"] == 0


async def test_only_who_was_not_reached_is_asked_again(office: Office) -> None:
    unit = await office.register_unit("north")
    await answered(office, unit, 2)
    office.clock.advance(days=45)
    call_back = await drawn(office, unit)
    first, second = [case["case_id"] for case in call_back["cases"]]
    assert (await find(office, call_back, first, "not_reached")).status_code == 200
    assert (await find(office, call_back, first, "confirmed")).status_code == 200
    assert_problem(await find(office, call_back, first, "not_confirmed"), 409, "found-already")
    assert_problem(await find(office, call_back, str(uuid4()), "confirmed"), 404, "case-not-drawn")
    assert (await find(office, call_back, second, "not_reached")).status_code == 200
    assert_problem(await find(office, call_back, second, "confirmed"), 409, "call-back-finished")


async def test_nobody_of_the_unit_knows_what_was_drawn(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid, other = [await office.register_unit(code, "county", north) for code in ("mid", "other")]
    await answered(office, mid, 2)
    office.clock.advance(days=45)
    own, foreign = [principal(Role.inspector, UUID(unit["id"])) for unit in (mid, other)]
    assert_problem(await draw(office, mid, own), 403, "call-back-not-yours")
    assert_problem(await draw(office, mid, foreign), 404, "unit-not-found")
    call_back = await drawn(office, mid, caller=principal(Role.inspector, UUID(north["id"])))
    for caller in (own, foreign):
        assert (await office.get("/v1/case-call-backs", caller))["items"] == []
        answer = await office.client.get(f"/v1/case-call-backs/{call_back['id']}", caller=caller)
        assert_problem(answer, 404, "call-back-not-found")
    lead = await office.client.get("/v1/case-call-backs", caller=principal(Role.lead, UUID(north["id"])))
    assert_problem(lead, 403)


@pytest.mark.parametrize(
    "changed",
    [
        {"month": "2026-13"},
        {"month": "0000-01"},
        {"month": "March"},
        {"month": "2026-03\n"},
        {"size": 0},
        {"size": 201},
        {"seed": ""},
    ],
)
async def test_hostile_drawings_are_refused(office: Office, changed: dict[str, Any]) -> None:
    assert_problem(await draw(office, await office.register_unit("north"), **changed), 422, "invalid-request")


@pytest.mark.parametrize("query", HOSTILE_QUERIES)
async def test_hostile_pages_are_refused(office: Office, query: dict[str, str]) -> None:
    assert_problem(await office.client.get("/v1/case-call-backs", caller=ADMIN, params=query), 422)
