import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.auth import ANONYMOUS, Principal
from shared.clock import hour_of
from shared.codes import write_code
from shared.events.visits import VisitCounted
from tests.visits.house import (
    ADMIN,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
    caller,
    finding,
    moment,
)

OTHER_LEAD = caller(LEAD.role, TOWNSHIP)


async def _made(house: House, **said: Any) -> str:
    visit_id = await house.visit()
    assert (await house.record(visit_id, **said)).status_code == 200
    return visit_id


async def _issue(house: House, visit_id: str, by: Principal = LEAD) -> httpx.Response:
    return await house.client.post(f"/v1/visits/{visit_id}/confirmation-code", caller=by)


async def _code(house: House, visit_id: str) -> str:
    answer = await _issue(house, visit_id)
    assert answer.status_code == 200, answer.text
    code: str = answer.json()["code"]
    return code


async def _confirm(house: House, code: str, *, by: Principal = ANONYMOUS, **said: Any) -> httpx.Response:
    return await house.client.post("/v1/visit-confirmations", caller=by, json={"code": code, "took_place": True, **said})


async def _ripe(house: House, **said: Any) -> tuple[str, str]:
    """A visit whose code works by now."""
    visit_id = await _made(house, **said)
    code = await _code(house, visit_id)
    house.clock.advance(hours=13)
    return visit_id, code


async def test_a_visit_counts_when_its_resident_confirms_it_the_next_day(house: House) -> None:
    visit_id, code = await _ripe(house)
    answer = await _confirm(house, code)
    assert (answer.status_code, answer.json()) == (200, {"took_place": True})
    visit = await house.read(f"/v1/visits/{visit_id}", by=OFFICIAL)
    assert visit["counted_by"] == "confirmation"
    assert moment(visit["counted_at"]) == hour_of(house.clock()), "a resident is shown by no finer time"
    (event,) = await house.told(VisitCounted)
    assert (event.by, event.counted_at) == ("confirmation", hour_of(house.clock()))


async def test_a_code_works_not_in_the_visitors_presence_and_says_from_when(house: House) -> None:
    code = await _code(house, await _made(house))
    early = await _confirm(house, code)
    assert early.status_code == 409
    assert early.json()["type"].endswith("too-early")
    assert "2026-03-02 21:30 UTC" in early.json()["detail"]
    house.clock.advance(hours=12)
    assert (await _confirm(house, code)).status_code == 200


async def test_a_visit_entered_as_if_it_had_been_yesterday_opens_nothing_today(house: House) -> None:
    yesterday = house.clock()
    visit_id = await house.visit()
    house.clock.advance(days=1)
    await house.record(visit_id, occurred_at=yesterday.isoformat())
    assert (await _confirm(house, await _code(house, visit_id))).status_code == 409


async def test_wrong_unissued_void_used_and_old_codes_are_answered_alike(house: House) -> None:
    visit_id = await _made(house)
    void, used = await _code(house, visit_id), await _code(house, visit_id)
    old = await _code(house, await _made(house))
    house.clock.advance(hours=13)
    assert (await _confirm(house, used)).status_code == 200
    answers = {"used": await _confirm(house, used), "void": await _confirm(house, void)}
    answers["unissued"] = await _confirm(house, write_code(7))
    answers["no code"] = await _confirm(house, "certainly not")
    house.clock.advance(days=60)
    answers["old"] = await _confirm(house, old)
    told = {name: {**answer.json(), "request_id": ""} for name, answer in answers.items()}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert all(answer == told["used"] for answer in told.values()), told


async def test_a_code_is_read_as_it_is_typed(house: House) -> None:
    _, code = await _ripe(house)
    assert (await _confirm(house, f" {code.lower().replace('-', ' ')} ")).status_code == 200


async def test_two_at_once_confirm_once(house: House) -> None:
    _, code = await _ripe(house)
    answers = await asyncio.gather(*(_confirm(house, code, helpful=5) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert len(await house.told(VisitCounted)) == 1


async def test_what_did_not_take_place_looks_unconfirmed_to_the_visitor_and_the_unit(house: House) -> None:
    visit_id, code = await _ripe(house)
    before = await house.read(f"/v1/visits/{visit_id}", by=LEAD)
    assert (await _confirm(house, code, took_place=False)).json() == {"took_place": False}
    for who in (OFFICIAL, LEAD):
        assert await house.read(f"/v1/visits/{visit_id}", by=who) == before
    assert await house.told(VisitCounted) == []
    for who in (INSPECTOR, ADMIN):
        (dispute,) = (await house.read("/v1/call-backs/disputes", by=who))["items"]
        assert (dispute["visit_id"], dispute["assignee_id"]) == (visit_id, str(OFFICIAL.account_id))
    for who, status in ((OFFICIAL, 403), (LEAD, 403), (RESIDENT, 403), (ANONYMOUS, 401)):
        assert (await house.client.get("/v1/call-backs/disputes", caller=who)).status_code == status
    elsewhere = caller(INSPECTOR.role, VILLAGE)
    assert (await house.read("/v1/call-backs/disputes", by=elsewhere))["items"] == []


async def test_nobody_speaks_over_a_resident_with_a_new_code_nor_learns_that_the_resident_spoke(house: House) -> None:
    visit_id, code = await _ripe(house)
    await _confirm(house, code, took_place=False)
    again = await _issue(house, visit_id)
    assert again.status_code == 200
    assert (await _confirm(house, again.json()["code"])).status_code == 404
    assert (await house.read(f"/v1/visits/{visit_id}"))["counted_by"] is None
    assert len((await house.read("/v1/call-backs/disputes"))["items"]) == 1


async def test_a_visit_that_counts_already_may_still_be_confirmed(house: House) -> None:
    visit_id, code = await _ripe(house, findings=[finding()])
    assert (await _confirm(house, code)).status_code == 200
    assert (await house.read(f"/v1/visits/{visit_id}"))["counted_by"] == "finding"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (LEAD, 200),
        (INSPECTOR, 200),
        (ADMIN, 200),
        (OFFICIAL, 403),
        (VILLAGE_OFFICIAL, 403),
        (STRANGER, 404),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_codes_are_handed_out_by_the_office_and_never_by_the_visitor(house: House, who: Principal, status: int) -> None:
    assert (await _issue(house, await _made(house), who)).status_code == status


async def test_whoever_recorded_the_visit_hands_out_no_code_for_it(house: House) -> None:
    visit_id = await house.visit()
    await house.record(visit_id, by=LEAD)
    answer = await _issue(house, visit_id, LEAD)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("own-visit")
    assert (await _issue(house, visit_id, OTHER_LEAD)).status_code == 200
    mine = await house.visit(assignee_id=str(LEAD.account_id))
    await house.record(mine, by=ADMIN)
    assert (await _issue(house, mine, LEAD)).status_code == 403


async def test_only_a_visit_that_was_made_has_a_code(house: House) -> None:
    planned, refused = await house.visit(), await _made(house, outcome="refused_by_resident")
    for visit_id in (planned, refused):
        answer = await _issue(house, visit_id)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("visit-not-made")
    made = await _made(house)
    house.clock.advance(days=61)
    assert (await _issue(house, made)).json()["type"].endswith("confirmation-over")


async def test_a_foreign_visit_is_answered_as_one_that_does_not_exist(house: House) -> None:
    answers = [await _issue(house, visit_id, STRANGER) for visit_id in (await _made(house), str(uuid4()))]
    assert answers[0].status_code == 404
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}


async def _rated(house: House, *scores: int) -> None:
    codes = [await _code(house, await _made(house)) for _ in scores]
    house.clock.advance(hours=13)
    for code, score in zip(codes, scores, strict=True):
        assert (await _confirm(house, code, helpful=score)).status_code == 200


async def test_ratings_are_shown_by_the_month_when_it_is_over_and_five_gave_one(house: House) -> None:
    path, asked = "/v1/visits/ratings", {"unit_id": str(TOWNSHIP.unit_id)}
    await _rated(house, 5, 5, 4, 1, 2)
    assert (await house.read(path, by=OFFICIAL, **asked))["months"] == [], "this month is not over"
    house.clock.advance(days=30)
    march = {"month": "2026-03-01", "n": 5, "mean": 3.4}
    assert (await house.read(path, by=OFFICIAL, **asked))["months"] == [march]
    await _rated(house, 1, 1, 1, 1)
    house.clock.advance(days=30)
    assert await house.read(path, by=LEAD, **asked) == {**asked, "months": [march]}, "four in April are too few"


@pytest.mark.parametrize(
    ("who", "status"),
    [(OFFICIAL, 200), (LEAD, 200), (INSPECTOR, 200), (VILLAGE_OFFICIAL, 404), (STRANGER, 404), (RESIDENT, 403), (ANONYMOUS, 401)],
)
async def test_ratings_are_for_those_in_scope(house: House, who: Principal, status: int) -> None:
    answer = await house.client.get("/v1/visits/ratings", caller=who, params={"unit_id": str(TOWNSHIP.unit_id)})
    assert answer.status_code == status


async def test_nothing_ties_a_rating_to_a_visit_or_a_moment(house: House) -> None:
    await _rated(house, 5, 5, 3)
    columns = await house.service.database.pool.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns "
        "WHERE table_name IN ('visit_ratings', 'confirmations') ORDER BY 1"
    )
    assert [row["name"] for row in columns] == [
        "confirmations.lookup",
        "confirmations.took_place",
        "confirmations.visit_id",
        "visit_ratings.given",
        "visit_ratings.month",
        "visit_ratings.score",
        "visit_ratings.unit_id",
    ]
    rows = await house.service.database.pool.fetch("SELECT score, given FROM visit_ratings ORDER BY score")
    assert [tuple(row) for row in rows] == [(3, 1), (5, 2)], "counts, not a row for each"


async def test_a_code_is_kept_as_a_keyed_hash_only(house: House) -> None:
    code = await _code(house, await _made(house))
    (row,) = await house.service.database.pool.fetch("SELECT lookup FROM confirmations")
    assert len(row["lookup"]) == 32
    assert code[:-2].replace("-", "").encode() not in row["lookup"]


async def test_a_confirmation_is_not_logged(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    _, code = await _ripe(house)
    capsys.readouterr()
    await _confirm(house, code)
    assert capsys.readouterr().out == ""


async def test_a_confirmation_sent_again_with_its_key_is_one(house: House) -> None:
    _, code = await _ripe(house)
    body = {"code": code, "took_place": True}
    headers = {"Idempotency-Key": "confirm-1"}
    answers = [await house.client.post("/v1/visit-confirmations", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


HOSTILE: list[dict[str, Any]] = [
    {"code": ""},
    {"code": "x" * 65},
    {"code": None},
    {"code": "\x00"},
    {"took_place": None},
    {"took_place": "yes"},
    {"helpful": 0},
    {"helpful": 6},
    {"helpful": 4.5},
    {"helpful": 5, "took_place": False},
    {"name": "somebody"},
]


async def test_confirm_visit_answers_hostile_input_with_a_problem(house: House) -> None:
    _, code = await _ripe(house)
    for changes in HOSTILE:
        answer = await _confirm(house, **{"code": code, **changes})
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    house.clock.advance(seconds=timedelta(days=1).total_seconds())
    assert (await _confirm(house, code)).status_code == 200
