from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.auth import ANONYMOUS, Principal
from shared.events.visits import CallBackFinished
from tests.visits.house import (
    ADMIN,
    COUNTY,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    PROVINCE,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
    caller,
)


async def _made(house: House, count: int, outcome: str = "done", **plan: Any) -> list[str]:
    visits = [await house.visit(**plan) for _ in range(count)]
    for visit_id in visits:
        assert (await house.record(visit_id, by=ADMIN, outcome=outcome, reason="So it was")).status_code == 200
    return visits


async def _draw(house: House, by: Principal = INSPECTOR, **changes: Any) -> httpx.Response:
    body = {"unit_id": str(COUNTY.unit_id), "starts_on": "2026-03-01", "ends_on": "2026-03-31", "size": 3, **changes}
    return await house.client.post(
        "/v1/call-backs", caller=by, json={name: value for name, value in body.items() if value is not None}
    )


async def _drawn(house: House, **changes: Any) -> dict[str, Any]:
    answer = await _draw(house, **changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def _say(house: House, call_back: dict[str, Any], visit_id: str, result: str, by: Principal = INSPECTOR) -> httpx.Response:
    body = {"visit_id": visit_id, "result": result}
    return await house.client.post(f"/v1/call-backs/{call_back['id']}/results", caller=by, json=body)


def _order(seed: str, visits: list[str]) -> list[str]:
    """As anybody can draw it again."""
    return sorted(visits, key=lambda visit_id: sha256(f"{seed}{visit_id}".encode()).digest())


async def test_a_sample_is_drawn_that_anybody_can_draw_again(house: House) -> None:
    visits = [
        *await _made(house, 4),
        *await _made(house, 2, "refused_by_resident"),
        *await _made(house, 2, unit_id=str(VILLAGE.unit_id), assignee_id=str(VILLAGE_OFFICIAL.account_id)),
    ]
    await _made(house, 1, "cancelled")
    await house.visit()
    call_back = await _drawn(house)
    assert (call_back["population"], call_back["size"]) == (8, 3)
    assert len(call_back["seed"]) == 32
    assert [visit["visit_id"] for visit in call_back["visits"]] == _order(call_back["seed"], visits)[:3]
    assert [visit["place"] for visit in call_back["visits"]] == [1, 2, 3]
    again = await _drawn(house, seed=call_back["seed"])
    assert (again["visits"], again["population"]) == (call_back["visits"], 8)
    assert (await _drawn(house))["seed"] != call_back["seed"]
    assert await house.read(f"/v1/call-backs/{call_back['id']}", by=ADMIN) == call_back


async def test_a_seed_that_was_given_draws_by_it(house: House) -> None:
    visits = await _made(house, 9)
    call_back = await _drawn(house, seed="公开抽签 7-13-22", size=None, share=0.5)
    assert [visit["visit_id"] for visit in call_back["visits"]] == _order("公开抽签 7-13-22", visits)[:5]


async def test_only_visits_of_the_period_and_the_subtree_are_drawn(house: House) -> None:
    await _made(house, 1)
    house.clock.advance(days=40)
    later = await _made(house, 2)
    april = await _drawn(house, starts_on="2026-04-01", ends_on="2026-04-30", size=10)
    assert {visit["visit_id"] for visit in april["visits"]} == set(later)
    last_day = house.clock().date().isoformat()
    assert (await _drawn(house, starts_on=last_day, ends_on=last_day))["population"] == 2
    nothing = await _draw(house, unit_id=str(VILLAGE.unit_id))
    assert nothing.status_code == 409
    assert nothing.json()["type"].endswith("no-visits-to-draw")


async def test_units_see_counts_when_it_is_finished_and_five_spoke_and_never_which(house: House) -> None:
    await _made(house, 7)
    call_back = await _drawn(house, size=7)
    drawn = [visit["visit_id"] for visit in call_back["visits"]]
    path = f"/v1/call-backs/{call_back['id']}"
    results = ["took_place"] * 3 + ["did_not_take_place"] * 2 + ["not_reached", "declined"]
    for visit_id, result in zip(drawn, results, strict=True):
        seen = await house.read(path, by=LEAD)
        assert (seen["took_place"], seen["did_not_take_place"], seen["finished_at"]) == (None, None, None)
        answer = await _say(house, call_back, visit_id, result)
        assert answer.status_code == 200, answer.text
    inspected = answer.json()
    assert [visit["result"] for visit in inspected["visits"]] == results
    assert (inspected["took_place"], inspected["did_not_take_place"]) == (3, 2)
    seen = await house.read(path, by=LEAD)
    assert (seen["took_place"], seen["did_not_take_place"], seen["seed"], seen["visits"]) == (3, 2, None, None)
    (listed,) = (await house.read("/v1/call-backs", by=LEAD))["items"]
    assert (listed["took_place"], listed["did_not_take_place"]) == (3, 2)
    assert "seed" not in listed
    (event,) = await house.told(CallBackFinished)
    assert (event.visits, event.took_place, event.did_not_take_place) == (7, 3, 2)
    assert (event.unit_id, event.finished_at) == (COUNTY.unit_id, house.clock())


async def test_what_few_said_is_neither_shown_to_units_nor_told(house: House) -> None:
    await _made(house, 4)
    call_back = await _drawn(house, size=4)
    for visit in call_back["visits"]:
        await _say(house, call_back, visit["visit_id"], "did_not_take_place")
    seen = await house.read(f"/v1/call-backs/{call_back['id']}", by=LEAD)
    assert (seen["took_place"], seen["did_not_take_place"]) == (None, None)
    assert seen["finished_at"] is not None
    (event,) = await house.told(CallBackFinished)
    assert (event.took_place, event.did_not_take_place) == (None, None)
    assert (await house.read(f"/v1/call-backs/{call_back['id']}", by=INSPECTOR))["did_not_take_place"] == 4


async def test_who_was_not_reached_is_called_again_and_other_results_stand(house: House) -> None:
    await _made(house, 2)
    call_back = await _drawn(house, size=2)
    one, other = (visit["visit_id"] for visit in call_back["visits"])
    await _say(house, call_back, one, "not_reached")
    assert (await _say(house, call_back, one, "took_place")).status_code == 200
    assert (await _say(house, call_back, one, "declined")).json()["type"].endswith("result-given")
    await _say(house, call_back, other, "not_reached")
    assert (await _say(house, call_back, other, "took_place")).json()["type"].endswith("call-back-finished")


async def test_a_visit_that_was_not_drawn_is_answered_as_one_that_does_not_exist(house: House) -> None:
    made = await _made(house, 2)
    call_back = await _drawn(house, size=1)
    left_out = next(visit_id for visit_id in made if visit_id != call_back["visits"][0]["visit_id"])
    answers = [await _say(house, call_back, visit_id, "took_place") for visit_id in (left_out, str(uuid4()))]
    assert answers[0].status_code == answers[1].status_code == 404
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (INSPECTOR, 201),
        (ADMIN, 201),
        (OFFICIAL, 403),
        (LEAD, 403),
        (caller(INSPECTOR.role, VILLAGE), 404),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_call_backs_are_drawn_by_inspectors_over_the_unit(house: House, who: Principal, status: int) -> None:
    await _made(house, 1)
    assert (await _draw(house, who)).status_code == status


async def test_a_foreign_call_back_is_answered_as_one_that_does_not_exist(house: House) -> None:
    await _made(house, 1)
    call_back = await _drawn(house)
    stranger = caller(INSPECTOR.role, TOWNSHIP)
    for who in (STRANGER, OFFICIAL, stranger):
        answers = [await house.client.get(f"/v1/call-backs/{id}", caller=who) for id in (call_back["id"], uuid4())]
        assert answers[0].status_code == answers[1].status_code == 404
        assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
        assert (await house.read("/v1/call-backs", by=who))["items"] == []
    visit_id = call_back["visits"][0]["visit_id"]
    assert (await _say(house, call_back, visit_id, "took_place", stranger)).status_code == 404
    for who in (LEAD, OFFICIAL):
        assert (await _say(house, call_back, visit_id, "took_place", who)).status_code == 403


async def test_list_call_backs_filters_and_pages(house: House) -> None:
    await _made(house, 1)
    made = [(await _drawn(house))["id"] for _ in range(3)]
    township = (await _drawn(house, unit_id=str(TOWNSHIP.unit_id)))["id"]
    first = await house.read("/v1/call-backs", by=INSPECTOR, limit=3)
    rest = await house.read("/v1/call-backs", by=INSPECTOR, cursor=first["next_cursor"])
    assert [item["id"] for item in [*first["items"], *rest["items"]]] == [*made, township]
    assert [item["id"] for item in (await house.read("/v1/call-backs", unit_id=str(TOWNSHIP.unit_id)))["items"]] == [township]
    assert [item["id"] for item in (await house.read("/v1/call-backs", by=OFFICIAL))["items"]] == [township]


HOSTILE: list[dict[str, Any]] = [
    {"starts_on": "2026-04-01"},
    {"ends_on": "2028-01-01"},
    {"starts_on": "then"},
    {"starts_on": 20_000},
    {"starts_on": "9999-12-31", "ends_on": "9999-12-31"},
    {"size": 0},
    {"size": 201},
    {"size": None},
    {"share": 0.5},
    {"size": None, "share": 0},
    {"size": None, "share": 1.1},
    {"seed": ""},
    {"seed": "a\x00"},
    {"seed": "x" * 65},
    {"unit_id": "1"},
    {"visit_ids": []},
]


async def test_draw_call_back_answers_hostile_input_with_a_problem(house: House) -> None:
    await _made(house, 1)
    for changes in HOSTILE:
        answer = await _draw(house, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await _draw(house, ADMIN, unit_id=str(uuid4()))).status_code == 404
    assert (
        await _draw(house, ADMIN, unit_id=str(PROVINCE.unit_id), starts_on="9000-12-31", ends_on="9000-12-31")
    ).status_code == 409
    call_back = await _drawn(house)
    assert (await _say(house, call_back, call_back["visits"][0]["visit_id"], "perhaps")).status_code == 422


async def test_what_is_recorded_later_is_not_in_an_earlier_drawing(house: House) -> None:
    """So that the population that a call-back names can be told again."""
    visits = await _made(house, 3)
    call_back = await _drawn(house, size=2)
    house.clock.advance(seconds=timedelta(hours=1).total_seconds())
    await _made(house, 2)
    recorded = [visit for visit in (await house.read("/v1/visits"))["items"] if visit["recorded_at"] <= call_back["drawn_at"]]
    assert {visit["id"] for visit in recorded} == set(visits)
    assert [visit["visit_id"] for visit in call_back["visits"]] == _order(call_back["seed"], visits)[:2]
