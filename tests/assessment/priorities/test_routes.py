from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal, Role
from tests.assessment.cases import Story, activity_held, activity_planned
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

NOTHING = {"n": 0, "share": None}


def day(office: Office, days: int = 0) -> str:
    return (office.clock().date() + timedelta(days=days)).isoformat()


def said(office: Office, unit: Any, **changed: Any) -> dict[str, Any]:
    return {"unit_id": unit["id"], "code": "water", "title": "Water", "rank": 1, "since": day(office), **changed}


async def register(office: Office, unit: Any, **changed: Any) -> Any:
    return await office.post("/v1/priorities", said(office, unit, **changed))


async def tag(office: Office, priority: Any, kind: str, id: UUID | str, *, caller: Principal = ADMIN, verb: str = "tag") -> Any:
    path = f"/v1/priorities/{priority['id']}/{verb}"
    return await office.client.post(path, caller=caller, json={"kind": kind, "id": str(id)})


async def effort(office: Office, unit: Any, **params: Any) -> Any:
    return await office.get(f"/v1/units/{unit['id']}/effort", **params)


async def test_effort_shows_what_was_done_for_each_priority_and_for_none(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid = await office.register_unit("mid", "county", north)
    above, own, idle = [
        await register(office, unit, code=code, rank=rank)
        for unit, code, rank in ((north, "roads", 1), (mid, "water", 2), (mid, "light", 1))
    ]
    cases, visits, activity_id = [Story(mid) for _ in range(4)], [Story(mid) for _ in range(2)], uuid4()
    await office.hear([story.answered() for story in cases])
    await office.hear([event for story in visits for event in (story.planned(), story.recorded())])
    await office.hear([activity_planned(mid, activity_id), activity_held(mid, activity_id)])
    await office.hear([case.opened() for case in cases])
    for priority, kind, id in (
        (above, "case", cases[0].id), (own, "case", cases[1].id), (own, "case", cases[2].id), (own, "visit", visits[0].id),
        (above, "activity", activity_id),
    ):  # fmt: skip
        assert (await tag(office, priority, kind, id)).status_code == 200

    found = await effort(office, mid)
    assert found["total"] == {"cases": 4, "visits": 2, "activities": 1}
    assert [part["priority"]["code"] for part in found["priorities"]] == ["light", "water", "roads"]
    by_code = {part["priority"]["code"]: part["effort"] for part in found["priorities"]}
    assert by_code["water"] == {
        "cases": {"n": 2, "share": 0.5},
        "visits": {"n": 1, "share": 0.5},
        "activities": {"n": 0, "share": 0},
    }
    assert by_code["roads"]["activities"] == {"n": 1, "share": 1.0}
    assert by_code["light"]["cases"] == {"n": 0, "share": 0}, "what comes first and gets nothing is shown"
    assert found["untagged"] == {
        "cases": {"n": 1, "share": 0.25},
        "visits": {"n": 1, "share": 0.5},
        "activities": {"n": 0, "share": 0},
    }
    assert (await effort(office, north))["total"] == {"cases": 0, "visits": 0, "activities": 0}
    assert idle["code"] == "light"


async def test_effort_is_of_its_period(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear([Story(unit).answered(hours) for hours in (0, 24, 24 * 60)])
    start = office.clock()
    found = await effort(office, unit, since=start.isoformat(), until=(start + timedelta(days=30)).isoformat())
    assert found["total"]["cases"] == 2
    assert (await effort(office, unit))["total"]["cases"] == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_an_activity_is_held_once_in_every_order(office: Office, order: tuple[int, ...]) -> None:
    unit, activity_id = await office.register_unit("north"), uuid4()
    told = [activity_planned(unit, activity_id), activity_held(unit, activity_id), activity_held(unit, activity_id, 2)]
    await office.hear([told[number] for number in order])
    assert (await effort(office, unit))["total"]["activities"] == 1


async def test_work_is_for_one_priority_and_may_be_for_another_or_none(office: Office) -> None:
    unit = await office.register_unit("north")
    one, other = [await register(office, unit, code=code) for code in ("water", "light")]
    case = Story(unit)
    await office.hear([case.opened(), case.answered()])

    async def counts() -> list[int]:
        found = await effort(office, unit)
        return [*(part["effort"]["cases"]["n"] for part in found["priorities"]), found["untagged"]["cases"]["n"]]

    assert (await tag(office, one, "case", case.id)).json() == {"kind": "case", "id": str(case.id), "priority_id": one["id"]}
    assert await counts() == [0, 1, 0]
    await tag(office, other, "case", case.id)
    assert await counts() == [1, 0, 0]
    await tag(office, one, "case", case.id, verb="untag")
    assert await counts() == [1, 0, 0], "it was not for that one any more"
    assert (await tag(office, other, "case", case.id, verb="untag")).json()["priority_id"] is None
    assert await counts() == [0, 0, 1]


async def test_a_priority_is_ended_and_followed_by_its_next_version(office: Office) -> None:
    unit = await office.register_unit("north")
    first = await register(office, unit)
    path = "/v1/priorities"
    again = await office.client.post(path, caller=ADMIN, json=said(office, unit, rank=2))
    assert_problem(again, 409, "priority-code-taken")
    ended = await office.client.post(f"{path}/{first['id']}/end", caller=ADMIN, json={"until": day(office, 9)})
    assert (ended.json()["until"], ended.json()["rank"]) == (day(office, 9), 1)
    longer = await office.client.post(f"{path}/{first['id']}/end", caller=ADMIN, json={"until": day(office, 20)})
    assert_problem(longer, 409, "priority-ended")
    second = await register(office, unit, rank=2, since=day(office, 10))
    assert [each["id"] for each in (await office.get(path))["items"]] == [first["id"], second["id"]]
    assert [each["id"] for each in (await office.get(path, on=day(office, 9)))["items"]] == [first["id"]]
    assert [each["id"] for each in (await office.get(path, on=day(office, 10), unit_id=unit["id"]))["items"]] == [second["id"]]

    case = Story(unit)
    await office.hear([case.opened()])
    assert_problem(await tag(office, second, "case", case.id), 409, "priority-not-in-effect")
    office.clock.advance(days=11)
    assert_problem(await tag(office, first, "case", case.id), 409, "priority-not-in-effect")


async def test_every_kind_of_work_can_be_for_a_priority(office: Office) -> None:
    unit = await office.register_unit("north")
    priority = await register(office, unit)
    story, activity_id = Story(unit), uuid4()
    await office.hear([story.opened(), story.planned(), activity_planned(unit, activity_id)])
    campaign = await office.schedule_campaign(unit, await office.adopt_standard())
    evidence = [{"kind": "dataset", "url": "https://data.example.org/wells"}]
    outcome = await office.post(
        "/v1/outcomes",
        {
            "unit_id": unit["id"],
            "title": "Water",
            "indicator": {"name": "Hours", "unit_of_measure": "hours a day", "better": "higher"},
            "baseline": {"value": 2, "on": day(office), "evidence": evidence},
            "target": {"value": 8, "on": day(office, 9)},
            "beneficiaries": "Everybody",
            "needs": [{"kind": "topic", "id_or_code": "water"}],
        },
    )
    work = {"case": story.id, "visit": story.id, "activity": activity_id, "campaign": campaign["id"], "outcome": outcome["id"]}
    for kind, id in work.items():
        assert (await tag(office, priority, kind, id)).status_code == 200, kind


async def test_work_is_for_a_priority_of_its_unit_or_of_one_above(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid, other = [await office.register_unit(code, "county", north) for code in ("mid", "other")]
    case = Story(mid)
    await office.hear([case.opened()])
    elsewhere = await register(office, other)
    assert_problem(await tag(office, elsewhere, "case", case.id), 422, "priority-elsewhere")
    above = await register(office, north)
    foreign = principal(Role.official, UUID(other["id"]))
    assert_problem(await tag(office, above, "case", case.id, caller=foreign), 404, "work-not-found")
    assert_problem(await tag(office, above, "case", uuid4()), 404, "work-not-found")
    assert_problem(await tag(office, {"id": uuid4()}, "case", case.id), 404, "priority-not-found")
    assert (await tag(office, above, "case", case.id, caller=principal(Role.official, UUID(mid["id"])))).status_code == 200


async def test_in_public_what_is_few_is_hidden_and_months_are_over(office: Office) -> None:
    unit = await office.register_unit("north")
    water, light = [await register(office, unit, code=code) for code in ("water", "light")]
    cases = [Story(unit) for _ in range(12)]
    await office.hear([event for story in cases for event in (story.opened(), story.answered())])
    for number, story in enumerate(cases[:8]):
        await tag(office, water if number < 6 else light, "case", story.id)
    path, params = "/v1/public/effort", {"unit_id": unit["id"], "month": "2026-03"}
    assert_problem(await office.client.get(path, params=params), 422, "month-not-over")
    office.clock.advance(days=31)
    found = await office.get(path, ANONYMOUS, **params)
    cells = {part["priority"]["code"]: part["effort"]["cases"] for part in found["priorities"]}
    hidden = {"n": None, "share": None}
    assert (cells, found["untagged"]["cases"]) == ({"water": {"n": 6, "share": 0.5}, "light": hidden}, hidden)
    assert found["total"]["cases"] == 12
    full = await effort(office, unit)
    assert [part["effort"]["cases"]["n"] for part in full["priorities"]] == [2, 6]


async def test_nothing_done_has_no_share(office: Office) -> None:
    unit = await office.register_unit("north")
    await register(office, unit)
    [part] = (await effort(office, unit))["priorities"]
    assert part["effort"] == dict.fromkeys(("cases", "visits", "activities"), NOTHING)


@pytest.mark.parametrize(
    "changed", [{"code": "not a code"}, {"rank": 0}, {"rank": 101}, {"title": "\x00"}, {"since": "x"}, {"more": 1}]
)
async def test_hostile_priorities_are_refused(office: Office, changed: dict[str, Any]) -> None:
    unit = await office.register_unit("north")
    answer = await office.client.post("/v1/priorities", caller=ADMIN, json=said(office, unit, **changed))
    assert_problem(answer, 422, "invalid-request")


@pytest.mark.parametrize("query", [*HOSTILE_QUERIES, {"on": "today"}, {"unit_id": "x"}])
async def test_hostile_queries_are_refused(office: Office, query: dict[str, str]) -> None:
    assert_problem(await office.client.get("/v1/priorities", caller=ADMIN, params=query), 422)


@pytest.mark.parametrize("month", ["2026-13", "0000-01", "2026", "x", "9999-12"])
async def test_hostile_months_are_refused(office: Office, month: str) -> None:
    unit = await office.register_unit("north")
    answer = await office.client.get("/v1/public/effort", params={"unit_id": unit["id"], "month": month})
    assert_problem(answer, 422, "invalid-request")
