from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
    moment,
)
from tests.visits.register import add_post, posted


async def test_add_post_knows_its_holder_and_its_place_to_a_kilometre(house: House) -> None:
    answer = await add_post(house, location={"latitude": 31.23456, "longitude": -121.47891})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["latitude"], body["longitude"]) == (31.23, -121.48)
    assert (body["holder_id"], body["visits_per_week"]) == (str(OFFICIAL.account_id), 10)
    assert moment(body["held_since"]) == moment(body["created_at"]) == house.clock()
    assert (await house.client.get(f"/v1/posts/{body['id']}", caller=OFFICIAL)).json() == body


@pytest.mark.parametrize(
    ("who", "status"),
    [(LEAD, 201), (ADMIN, 201), (OFFICIAL, 403), (INSPECTOR, 403), (STRANGER, 404), (RESIDENT, 403), (ANONYMOUS, 401)],
)
async def test_add_post_is_for_a_lead_over_the_unit(house: House, who: Principal, status: int) -> None:
    assert (await add_post(house, by=who)).status_code == status


async def test_add_post_of_a_code_that_the_unit_has_says_so(house: House) -> None:
    await posted(house)
    again = await add_post(house)
    assert again.status_code == 409
    assert again.json()["type"].endswith("post-exists")
    assert (await add_post(house, unit_id=str(VILLAGE.unit_id))).status_code == 201


@pytest.mark.parametrize(
    ("holder", "status"),
    [(VILLAGE_OFFICIAL, 201), (LEAD, 201), (STRANGER, 422), (INSPECTOR, 404), (RESIDENT, 404)],
    ids=["below", "above", "elsewhere", "inspector", "resident"],
)
async def test_a_post_is_held_by_staff_of_the_units_chain(house: House, holder: Principal, status: int) -> None:
    assert (await add_post(house, holder_id=str(holder.account_id))).status_code == status


async def test_change_post_changes_what_is_named_and_nothing_else(house: House) -> None:
    post_id = await posted(house, location={"latitude": 31.2, "longitude": 121.4})
    path = f"/v1/posts/{post_id}"
    before = (await house.client.get(path, caller=LEAD)).json()
    changed = await house.client.call("PATCH", path, caller=LEAD, json={"visits_per_week": 3})
    assert changed.json() == {**before, "visits_per_week": 3}
    moving = {"name": "The lane", "location": {"latitude": 30.001, "longitude": 120}}
    moved = await house.client.call("PATCH", path, caller=LEAD, json=moving)
    assert moved.json() == {**before, "visits_per_week": 3, "name": "The lane", "latitude": 30.0, "longitude": 120.0}
    assert (await house.client.get(path, caller=LEAD)).json() == moved.json()


@pytest.mark.parametrize(
    ("who", "status"),
    [(LEAD, 200), (ADMIN, 200), (OFFICIAL, 403), (VILLAGE_OFFICIAL, 403), (STRANGER, 404), (RESIDENT, 403), (ANONYMOUS, 401)],
)
async def test_change_post_is_for_a_lead_over_the_unit(house: House, who: Principal, status: int) -> None:
    post_id = await posted(house)
    answer = await house.client.call("PATCH", f"/v1/posts/{post_id}", caller=who, json={"name": "Another"})
    assert answer.status_code == status


async def test_posts_are_shown_to_those_over_the_unit_and_to_their_holder(house: House) -> None:
    post_id = await posted(house, holder_id=str(VILLAGE_OFFICIAL.account_id))
    for who, sees in ((COLLEAGUE, True), (LEAD, True), (INSPECTOR, True), (VILLAGE_OFFICIAL, True), (STRANGER, False)):
        answer = await house.client.get(f"/v1/posts/{post_id}", caller=who)
        assert answer.status_code == (200 if sees else 404)
        items = (await house.client.get("/v1/posts", caller=who)).json()["items"]
        assert [item["id"] for item in items] == ([post_id] if sees else [])
    missing = await house.client.get(f"/v1/posts/{uuid4()}", caller=STRANGER)
    assert {**missing.json(), "request_id": ""} == {**answer.json(), "request_id": ""}


async def test_list_posts_filters_and_pages(house: House) -> None:
    posts = [await posted(house, code=f"lane-{number}") for number in range(3)]
    below = await posted(house, unit_id=str(VILLAGE.unit_id))
    page = (await house.client.get("/v1/posts", caller=LEAD, params={"limit": 2})).json()
    rest = (await house.client.get("/v1/posts", caller=LEAD, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [item["id"] for item in page["items"] + rest["items"]] == [*posts, below]
    mine = await house.client.get("/v1/posts", caller=LEAD, params={"unit_id": str(TOWNSHIP.unit_id)})
    assert [item["id"] for item in mine.json()["items"]] == posts


HOSTILE: list[dict[str, Any]] = [
    {"code": "two words"},
    {"name": "a\x00b"},
    {"name": None},
    {"visits_per_week": 0},
    {"visits_per_week": 101},
    {"holder_id": "1"},
    {"location": {"latitude": 31.2}},
    {"location": {"latitude": 91, "longitude": 0}},
    {"location": {"latitude": 0, "longitude": "1e999"}},
    {"salary": 1},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=str)
async def test_add_post_answers_hostile_input_with_a_problem(house: House, changes: dict[str, Any]) -> None:
    answer = await add_post(house, **changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
