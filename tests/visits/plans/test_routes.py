import asyncio
import json
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from services.visits.plans.actions.making import plan_visits_ahead
from services.visits.plans.rules import HORIZON
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.visits import VisitPlanned
from shared.types import Level
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    COUNTY,
    ELSEWHERE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE_OFFICIAL,
    WEEK,
    House,
    account,
    caller,
    moment,
    unit,
)


async def test_plan_visits_makes_one_visit(house: House) -> None:
    need = {"kind": "topic", "id_or_code": "water"}
    body = await house.planned(need=need, population="Households of the lane")
    assert body["unit_id"] == str(TOWNSHIP.unit_id)
    assert body["place"] == "The lower lane"
    assert body["population"] == "Households of the lane"
    assert body["need"] == need
    assert body["created_by"] == str(LEAD.account_id)
    (visit,) = body["visits"]
    assert visit["state"] == "planned"
    assert moment(visit["window_starts_at"]) == house.clock()
    assert moment(visit["window_ends_at"]) == house.clock() + WEEK
    (event,) = await house.told(VisitPlanned)
    assert str(event.visit_id) == visit["id"]
    assert str(event.plan_id) == body["id"]
    assert event.unit_id == TOWNSHIP.unit_id


async def test_plan_visits_that_come_round_to_the_horizon(house: House) -> None:
    body = await house.planned(rrule="FREQ=WEEKLY", time_zone="Europe/Berlin")
    starts = [moment(visit["window_starts_at"]) for visit in body["visits"]]
    assert len(starts) == 26
    assert starts[1] - starts[0] == WEEK
    assert starts[4] - starts[3] == WEEK - timedelta(hours=1), "daylight saving began on 29 March 2026"
    assert starts[-1] <= house.clock() + HORIZON
    assert [event.window_starts_at for event in await house.told(VisitPlanned)] == starts


async def test_plan_visits_far_ahead_still_has_its_first(house: House) -> None:
    starts_at = (house.clock() + timedelta(days=800)).isoformat()
    assert len((await house.planned(starts_at=starts_at))["visits"]) == 1
    assert len((await house.planned(starts_at=starts_at, rrule="FREQ=MONTHLY"))["visits"]) >= 6


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (ADMIN, 201),
        (LEAD, 201),
        (OFFICIAL, 201),
        (COLLEAGUE, 201),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_plan_visits_is_for_those_over_the_unit(house: House, who: Principal, status: int) -> None:
    answer = await house.plan(by=who)
    assert answer.status_code == status, answer.text


async def test_a_foreign_unit_is_answered_as_one_that_does_not_exist(house: House) -> None:
    foreign = (await house.plan(unit_id=str(ELSEWHERE.unit_id))).json()
    missing = (await house.plan(unit_id=str(uuid4()))).json()
    assert {**foreign, "request_id": ""} == {**missing, "request_id": ""}


@pytest.mark.parametrize("who", [OFFICIAL, VILLAGE_OFFICIAL, LEAD])
async def test_anybody_of_the_chain_can_be_sent(house: House, who: Principal) -> None:
    assert (await house.plan(assignee_id=str(who.account_id))).status_code == 201


@pytest.mark.parametrize(
    ("who", "status", "slug"),
    [
        (STRANGER, 422, "assignee-out-of-chain"),
        (ADMIN, 422, "assignee-out-of-chain"),
        (INSPECTOR, 404, "assignee-not-found"),
    ],
)
async def test_nobody_else_can_be_sent(house: House, who: Principal, status: int, slug: str) -> None:
    answer = await house.plan(assignee_id=str(who.account_id))
    assert answer.status_code == status
    assert answer.json()["type"].endswith(slug)


async def test_an_account_that_never_comes_is_not_found(house: House) -> None:
    answer = await house.plan(assignee_id=str(uuid4()))
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("assignee-not-found")


async def test_plan_visits_waits_for_a_unit_and_an_account_that_are_on_their_way(house: House) -> None:
    new = unit("new", Level.grassroots, TOWNSHIP)
    newcomer = caller(Role.official, new)
    planning = asyncio.create_task(house.plan(by=ADMIN, unit_id=str(new.unit_id), assignee_id=str(newcomer.account_id)))
    for event in (new, account(newcomer)):
        done, _ = await asyncio.wait({planning}, timeout=0.3)
        assert not done, "it waits"
        await house.tell(event)
    assert (await planning).status_code == 201


@pytest.mark.parametrize("who", [ADMIN, LEAD, INSPECTOR, OFFICIAL, COLLEAGUE])
async def test_get_plan_shows_it_to_those_in_scope(house: House, who: Principal) -> None:
    plan = await house.planned()
    answer = await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=who)
    assert answer.status_code == 200
    assert answer.json() == plan
    items = (await house.client.get("/v1/visit-plans", caller=who)).json()["items"]
    assert [item["id"] for item in items] == [plan["id"]]


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER])
async def test_get_plan_of_another_unit_is_not_found(house: House, who: Principal) -> None:
    plan = await house.planned()
    foreign = await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=who)
    missing = await house.client.get(f"/v1/visit-plans/{uuid4()}", caller=who)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["type"] == missing.json()["type"]
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert (await house.client.get("/v1/visit-plans", caller=who)).json()["items"] == []


@pytest.mark.parametrize(("who", "status"), [(RESIDENT, 403), (ANONYMOUS, 401)])
async def test_residents_see_no_plans(house: House, who: Principal, status: int) -> None:
    for path in ("/v1/visit-plans", f"/v1/visit-plans/{uuid4()}"):
        assert (await house.client.get(path, caller=who)).status_code == status


async def test_somebody_sent_from_elsewhere_in_the_chain_sees_the_plan(house: House) -> None:
    plan = await house.planned(assignee_id=str(VILLAGE_OFFICIAL.account_id))
    assert (await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=VILLAGE_OFFICIAL)).status_code == 200


async def test_list_plans_by_unit_and_page(house: House) -> None:
    made = [(await house.planned())["id"] for _ in range(3)]
    county = await house.planned(unit_id=str(COUNTY.unit_id))
    params: dict[str, Any] = {"unit_id": str(TOWNSHIP.unit_id), "limit": 2}
    first = (await house.client.get("/v1/visit-plans", caller=LEAD, params=params)).json()
    rest = (await house.client.get("/v1/visit-plans", caller=LEAD, params={**params, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
    everything = (await house.client.get("/v1/visit-plans", caller=LEAD)).json()["items"]
    assert [item["id"] for item in everything] == [*made, county["id"]]


async def test_plan_visits_sent_again_with_its_key_plans_once(house: House) -> None:
    headers = {"Idempotency-Key": "plan-1"}
    body = house.plan_body(rrule="FREQ=DAILY;COUNT=3")
    first = await house.client.post("/v1/visit-plans", caller=LEAD, json=body, headers=headers)
    again = await house.client.post("/v1/visit-plans", caller=LEAD, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(await house.told(VisitPlanned)) == 3


HOSTILE: list[dict[str, Any]] = [
    {"unit_id": "1"},
    {"assignee_id": None},
    {"purpose": ""},
    {"purpose": "x" * 201},
    {"purpose": "a\x00b"},
    {"place": "a\x00b"},
    {"place": 7},
    {"place": None},
    {"population": "\x00"},
    {"starts_at": "2026-03-02T09:00:00"},
    {"starts_at": "soon"},
    {"starts_at": 1e308},
    {"starts_at": "0001-01-01T00:00:00Z"},
    {"starts_at": "9999-12-31T23:59:59Z"},
    {"starts_at": "2025-12-01T00:00:00Z"},
    {"window_days": -1},
    {"window_days": 61},
    {"window_days": 2**63},
    {"window_days": 1.5},
    {"time_zone": "Mars/Base"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": "\x00"},
    {"time_zone": ""},
    {"rrule": ""},
    {"rrule": "FREQ=SECONDLY"},
    {"rrule": "FREQ=DAILY;COUNT=999999999999"},
    {"rrule": "FREQ=DAILY;INTERVAL=0"},
    {"rrule": "FREQ=DAILY\x00"},
    {"rrule": "FREQ=DAILY;BYMONTHDAY=" + "1," * 5000},
    {"rrule": 5},
    {"need": {"kind": "case", "id_or_code": "water"}},
    {"need": {"kind": "finding", "id_or_code": "x" * 201}},
    {"need": {"kind": "topic", "id_or_code": "Two words"}},
    {"need": {"kind": "rumour", "id_or_code": "water"}},
    {"need": {"kind": "topic"}},
    {"need": []},
    {"unknown": 1},
]


async def test_plan_visits_answers_hostile_input_with_a_problem(house: House) -> None:
    for changes in HOSTILE:
        answer = await house.plan(**changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    assert await house.told(VisitPlanned) == []


async def test_plan_visits_refuses_a_blank_purpose(house: House) -> None:
    assert (await house.plan(purpose="   ")).status_code == 422


async def test_plan_visits_answers_hostile_json_with_a_problem(house: House) -> None:
    headers = {"content-type": "application/json"}
    for purpose in ('"\\ud800"', '"\\u0000"', "NaN", "1e999", "9" * 5000, "[" * 5000 + "]" * 5000):
        raw = json.dumps(house.plan_body(purpose="PURPOSE")).replace('"PURPOSE"', purpose)
        answer = await house.client.post("/v1/visit-plans", caller=LEAD, content=raw, headers=headers)
        assert 400 <= answer.status_code < 500, f"{purpose[:10]}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("starts_at", ["9000-12-31T23:59:59Z", "9000-12-31T23:59:59-23:59"])
async def test_plan_visits_at_the_end_of_time(house: House, starts_at: str) -> None:
    answer = await house.plan(starts_at=starts_at, rrule="FREQ=DAILY", window_days=60, time_zone="Pacific/Kiritimati")
    assert answer.status_code in (201, 422), answer.text


async def test_lists_answer_hostile_parameters_with_a_problem(house: House) -> None:
    shared = [{"limit": "0"}, {"limit": "-1"}, {"limit": "101"}, {"limit": "9" * 5000}, {"cursor": "?"}, {"cursor": "\x00"}]
    own = {"visit-plans": "unit_id", "visits": "state", "findings": "visit_id"}
    for noun, name in own.items():
        for params in [*shared, {name: "x"}, {name: "\x00"}]:
            answer = await house.client.get(f"/v1/{noun}", caller=ADMIN, params=params)
            assert answer.status_code == 422, f"{noun} {params}: {answer.text}"
            assert answer.headers["content-type"] == "application/problem+json"


async def test_plan_visits_ahead_goes_on_where_it_stopped(house: House) -> None:
    plan = await house.planned(rrule="FREQ=WEEKLY;BYDAY=MO,TH", time_zone="America/New_York")
    ended = await house.planned(rrule="FREQ=DAILY;COUNT=2")
    for _ in range(5):
        house.clock.advance(days=40)
        async with house.service.works.begin() as uow:
            assert await plan_visits_ahead(uow, limit=10) == 2
        async with house.service.works.begin() as uow:
            assert await plan_visits_ahead(uow, limit=10) == 0
    later = (await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=ADMIN)).json()
    starts = [moment(visit["window_starts_at"]) for visit in later["visits"]]
    assert len(starts) == len(set(starts)) == 108 + 1
    assert {(after - before).days for before, after in pairwise(starts)} <= {2, 3, 4}
    again = (await house.client.get(f"/v1/visit-plans/{ended['id']}", caller=ADMIN)).json()
    assert len(again["visits"]) == 2
    assert len(await house.told(VisitPlanned)) == len(starts) + 2


async def test_plan_visits_ahead_by_two_workers_at_once_plans_each_visit_once(house: House) -> None:
    for _ in range(4):
        await house.planned(rrule="FREQ=WEEKLY")
    before = len(await house.told(VisitPlanned))
    house.clock.advance(days=70)

    async def work() -> int:
        async with house.service.works.begin() as uow:
            return await plan_visits_ahead(uow, limit=3)

    assert sum(await asyncio.gather(work(), work())) == 4
    assert len(await house.told(VisitPlanned)) == before + 4 * 10
