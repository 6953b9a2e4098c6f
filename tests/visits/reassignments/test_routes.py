"""Plans given to somebody else, many at once, and first only foreseen."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.visits.jobs import follow_windows
from services.visits.reassignments import queries
from shared.auth import ANONYMOUS, Principal
from shared.events.envelope import Event
from tests.visits.choices.test_routes import a_post
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
)


async def reassign(house: House, *, by: Principal = LEAD, **body: Any) -> httpx.Response:
    said = {"to_assignee_id": str(COLLEAGUE.account), **body}
    return await house.client.post("/v1/visit-plans/reassign", caller=by, json=said)


async def reassigned(house: House, **body: Any) -> Any:
    answer = await reassign(house, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def weekly(house: House, **changes: Any) -> Any:
    """Eight visits: the first is made, the second is open."""
    plan = await house.planned(rrule="FREQ=WEEKLY;COUNT=8", **changes)
    await house.record(plan["visits"][0]["id"])
    house.clock.advance(days=7)
    await follow_windows(house.service.works)
    return plan


async def assignees(house: House, plan: Any) -> list[str]:
    return [(await house.client.get(f"/v1/visits/{visit['id']}", caller=ADMIN)).json()["assignee_id"] for visit in plan["visits"]]


FROM_OFFICIAL: dict[str, Any] = {"from_assignee_id": str(OFFICIAL.account)}


async def test_a_preview_says_what_would_happen_and_changes_nothing(house: House) -> None:
    plan = await weekly(house)
    await house.planned(assignee_id=str(COLLEAGUE.account))
    body = await reassigned(house, **FROM_OFFICIAL, preview=True)
    assert body == {
        "preview": True,
        "to_assignee_id": str(COLLEAGUE.account),
        "plans": [
            {
                "plan_id": plan["id"],
                "unit_id": plan["unit_id"],
                "from_assignee_id": str(OFFICIAL.account),
                "visits": 7,
                "obstacle": None,
            }
        ],
        "more": False,
        "visits": 7,
        "load_before": 0.25,
        "load_after": 1.25,
    }
    assert await assignees(house, plan) == [str(OFFICIAL.account)] * 8
    assert (await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=LEAD)).headers["ETag"] == '"1"'


async def test_reassign_moves_open_visits_and_those_to_come_and_leaves_the_record(house: House) -> None:
    plan = await weekly(house)
    foreseen = await reassigned(house, **FROM_OFFICIAL, preview=True)
    told = len(await house.told(*Event.registry.values()))
    assert await reassigned(house, **FROM_OFFICIAL) == {**foreseen, "preview": False}
    assert await assignees(house, plan) == [str(OFFICIAL.account), *[str(COLLEAGUE.account)] * 7]
    shown = await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=LEAD)
    assert (shown.json()["assignee_id"], shown.headers["ETag"]) == (str(COLLEAGUE.account), '"2"')
    assert len(await house.told(*Event.registry.values())) == told
    assert (await reassigned(house, **FROM_OFFICIAL))["plans"] == []


async def test_a_missed_visit_stays_with_whoever_missed_it(house: House) -> None:
    plan = await house.planned(rrule="FREQ=WEEKLY;COUNT=2", window_days=1)
    house.clock.advance(days=2)
    await reassigned(house, **FROM_OFFICIAL)
    assert await assignees(house, plan) == [str(OFFICIAL.account), str(COLLEAGUE.account)]


async def test_plans_with_an_obstacle_stay_and_the_others_go(house: House) -> None:
    village = await house.planned(unit_id=str(VILLAGE.unit_id))
    township = await house.planned()
    ended = await house.planned()
    await house.client.post(f"/v1/visit-plans/{ended['id']}/end", caller=LEAD, json={"reason": "Over"})
    other = await house.planned(assignee_id=str(COLLEAGUE.account), unit_id=str(VILLAGE.unit_id))
    plans = [village["id"], township["id"], ended["id"], other["id"]]
    body = await reassigned(house, plan_ids=plans, to_assignee_id=str(VILLAGE_OFFICIAL.account))
    assert [plan["obstacle"] for plan in body["plans"]] == [None, None, "plan_ended", None]
    county = await house.planned(by=ADMIN, unit_id=str(STRANGER.unit_id), assignee_id=str(STRANGER.account))
    body = await reassigned(house, by=ADMIN, plan_ids=[*plans, county["id"]])
    assert [plan["obstacle"] for plan in body["plans"]] == [None, None, "plan_ended", None, "out_of_chain"]
    assert body["visits"] == 3
    assert await assignees(house, county) == [str(STRANGER.account)]


async def test_a_plan_of_a_post_leaves_the_post(house: House) -> None:
    plan = await house.planned(assignee_id=None, post_id=await a_post(house))
    await reassigned(house, plan_ids=[plan["id"]])
    shown = (await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=LEAD)).json()
    assert (shown["assignee_id"], shown["post_id"]) == (str(COLLEAGUE.account), None)
    visit = (await house.client.get(f"/v1/visits/{plan['visits'][0]['id']}", caller=LEAD)).json()
    assert (visit["assignee_id"], visit["post_id"]) == (str(COLLEAGUE.account), None)


async def test_what_is_theirs_already_adds_no_load(house: House) -> None:
    plan = await house.planned(assignee_id=str(COLLEAGUE.account))
    body = await reassigned(house, plan_ids=[plan["id"], plan["id"]], preview=True)
    assert (len(body["plans"]), body["load_before"], body["load_after"]) == (1, 0.25, 0.25)


async def test_no_more_than_so_many_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_PLANS", 2)
    plans = [(await house.planned())["id"] for _ in range(3)]
    first = await reassigned(house, **FROM_OFFICIAL)
    assert ([plan["plan_id"] for plan in first["plans"]], first["more"]) == (plans[:2], True)
    rest = await reassigned(house, **FROM_OFFICIAL)
    assert ([plan["plan_id"] for plan in rest["plans"]], rest["more"]) == (plans[2:], False)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (ADMIN, 200),
        (LEAD, 200),
        (COLLEAGUE, 200),
        (OFFICIAL, 404),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
async def test_plans_are_given_away_by_those_who_may_change_them(
    house: House, who: Principal, status: int, preview: bool
) -> None:
    mine = await house.planned(by=COLLEAGUE)
    assert (await reassign(house, by=who, plan_ids=[mine["id"]], preview=preview)).status_code == status


async def test_of_somebodys_plans_only_those_that_the_caller_may_change_go(house: House) -> None:
    made = await house.planned(by=COLLEAGUE)
    await house.planned(by=LEAD)
    body = await reassigned(house, by=COLLEAGUE, **FROM_OFFICIAL)
    assert [plan["plan_id"] for plan in body["plans"]] == [made["id"]]
    assert (await reassigned(house, by=STRANGER, **FROM_OFFICIAL))["plans"] == []


async def test_a_foreign_plan_is_answered_as_one_that_does_not_exist(house: House) -> None:
    plan, own = await house.planned(), await house.planned(by=COLLEAGUE)
    foreign = (await reassign(house, by=COLLEAGUE, plan_ids=[plan["id"], own["id"]])).json()
    missing = (await reassign(house, by=COLLEAGUE, plan_ids=[str(uuid4()), own["id"]])).json()
    assert foreign["type"].endswith("visit-plan-not-found")
    assert {**foreign, "request_id": ""} == {**missing, "request_id": ""}
    assert await assignees(house, own) == [str(OFFICIAL.account)]


async def test_nobody_gets_plans_who_cannot_be_sent(house: House) -> None:
    answer = await reassign(house, **FROM_OFFICIAL, to_assignee_id=str(INSPECTOR.account))
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "assignee-not-found")


HOSTILE: list[dict[str, Any]] = [
    {},
    {**FROM_OFFICIAL, "plan_ids": [str(uuid4())]},
    {"plan_ids": []},
    {"plan_ids": ["x"]},
    {"plan_ids": [str(uuid4())] * 1001},
    {**FROM_OFFICIAL, "to_assignee_id": None},
    {**FROM_OFFICIAL, "preview": "perhaps"},
    {**FROM_OFFICIAL, "unknown": 1},
]


async def test_reassign_answers_hostile_input_with_a_problem(house: House) -> None:
    for body in HOSTILE:
        answer = await reassign(house, **body)
        assert answer.status_code == 422, f"{body}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
