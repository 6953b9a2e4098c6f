from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
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
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
)
from tests.visits.register import LABEL, PLACE, add_contact, listed, posted, seen


async def test_list_contact_makes_somebody_to_be_asked(house: House) -> None:
    post_id = await posted(house)
    answer = await add_contact(house, post_id=post_id, location={"latitude": 31.234567, "longitude": 121.4})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["state"], body["label"], body["place"], body["post_id"]) == ("listed", LABEL, PLACE, post_id)
    assert (body["latitude"], body["longitude"]) == (31.235, 121.4)
    unknown = ("rhythm_days", "agreed_at", "last_contact_at", "last_contact_days", "next_due_at")
    assert [body[name] for name in unknown] == [None] * 5
    assert body["overdue"] is False


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OFFICIAL, 201),
        (LEAD, 201),
        (ADMIN, 201),
        (INSPECTOR, 403),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_list_contact_is_for_staff_in_scope(house: House, who: Principal, status: int) -> None:
    assert (await add_contact(house, by=who)).status_code == status


async def test_a_post_of_another_chain_is_answered_as_one_that_does_not_exist(house: House) -> None:
    foreign = await posted(house, by=ADMIN, unit_id=str(ELSEWHERE.unit_id), holder_id=str(STRANGER.account_id))
    answers = [await add_contact(house, post_id=post_id) for post_id in (foreign, str(uuid4()))]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
    above = await posted(house, unit_id=str(COUNTY.unit_id), holder_id=str(LEAD.account_id))
    assert (await add_contact(house, post_id=above)).status_code == 201


@pytest.mark.parametrize(
    ("who", "sees"),
    [(OFFICIAL, True), (LEAD, True), (ADMIN, True), (COLLEAGUE, False), (INSPECTOR, False)],
    ids=["holder", "lead", "admin", "colleague", "inspector"],
)
async def test_whom_a_contact_is_with_is_shown_to_who_visits_and_who_leads(house: House, who: Principal, sees: bool) -> None:
    contact_id = await listed(house, post_id=await posted(house), location={"latitude": 1.5, "longitude": 2.5})
    body = await seen(house, contact_id, by=who)
    assert [body["label"], body["place"], body["latitude"]] == ([LABEL, PLACE, 1.5] if sees else [None] * 3)
    (item,) = (await house.client.get("/v1/contacts", caller=who)).json()["items"]
    assert item == body


async def test_whoever_listed_a_contact_reads_it_until_it_has_a_visitor(house: House) -> None:
    contact_id = await listed(house, by=OFFICIAL)
    assert (await seen(house, contact_id, by=OFFICIAL))["label"] == LABEL
    assert (await seen(house, contact_id, by=COLLEAGUE))["label"] is None
    post_id = await posted(house, holder_id=str(COLLEAGUE.account_id))
    await house.client.call("PATCH", f"/v1/contacts/{contact_id}", caller=LEAD, json={"post_id": post_id})
    assert (await seen(house, contact_id, by=OFFICIAL))["label"] is None
    assert (await seen(house, contact_id, by=COLLEAGUE))["label"] == LABEL


async def test_the_holder_of_the_post_sees_the_contact_also_from_another_unit(house: House) -> None:
    post_id = await posted(house, unit_id=str(VILLAGE.unit_id), holder_id=str(VILLAGE_OFFICIAL.account_id))
    contact_id = await listed(house, post_id=post_id)
    assert (await seen(house, contact_id, by=VILLAGE_OFFICIAL))["label"] == LABEL
    items = (await house.client.get("/v1/contacts", caller=VILLAGE_OFFICIAL)).json()["items"]
    assert [item["id"] for item in items] == [contact_id]


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER], ids=["below", "elsewhere"])
async def test_a_foreign_contact_is_answered_as_one_that_does_not_exist(house: House, who: Principal) -> None:
    contact_id = await listed(house)
    for method, body in (("GET", None), ("PATCH", {"label": "Mine"})):
        answers = [
            await house.client.call(method, f"/v1/contacts/{id}", caller=who, json=body) for id in (contact_id, str(uuid4()))
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
    assert (await house.client.get("/v1/contacts", caller=who)).json()["items"] == []


async def test_change_contact_changes_what_is_named_and_nothing_else(house: House) -> None:
    contact_id = await listed(house, location={"latitude": 1, "longitude": 2})
    before = await seen(house, contact_id)
    path = f"/v1/contacts/{contact_id}"
    changed = await house.client.call("PATCH", path, caller=LEAD, json={"place": "The second door", "label": "The smith"})
    after = {**before, "place": "The second door", "label": "The smith"}
    assert changed.json() == {**after, "plan": None}
    post_id = await posted(house)
    moving = {"post_id": post_id, "location": {"latitude": 3, "longitude": 4}}
    await house.client.call("PATCH", path, caller=LEAD, json=moving)
    assert (await seen(house, contact_id, by=OFFICIAL))["label"] == "The smith", "who holds the post sees it from now on"
    assert await seen(house, contact_id) == {**after, "post_id": post_id, "latitude": 3.0, "longitude": 4.0}


async def test_list_contacts_filters_and_pages(house: House) -> None:
    post_id = await posted(house)
    mine = [await listed(house, post_id=post_id) for _ in range(3)]
    other = await listed(house)
    below = await listed(house, unit_id=str(VILLAGE.unit_id))

    async def ids(**params: Any) -> list[str]:
        found: list[str] = []
        while True:
            answer = await house.client.get("/v1/contacts", caller=LEAD, params={"limit": 2, **params})
            found += [item["id"] for item in answer.json()["items"]]
            if answer.json()["next_cursor"] is None:
                return found
            params["cursor"] = answer.json()["next_cursor"]

    assert await ids() == [*mine, other, below]
    assert await ids(post_id=post_id) == mine
    assert await ids(unit_id=str(TOWNSHIP.unit_id)) == [*mine, other]
    assert await ids(state="listed", never_contacted="true") == [*mine, other, below]
    assert await ids(state="agreed") == await ids(overdue="true") == []


@pytest.mark.parametrize(("who", "status"), [(RESIDENT, 403), (ANONYMOUS, 401)], ids=["resident", "nobody"])
async def test_residents_see_no_list_of_contacts(house: House, who: Principal, status: int) -> None:
    contact_id = await listed(house)
    for path in ("/v1/contacts", f"/v1/contacts/{contact_id}"):
        assert (await house.client.get(path, caller=who)).status_code == status


HOSTILE: list[dict[str, Any]] = [
    {"kind": "person"},
    {"label": None},
    {"label": "a\x00b"},
    {"label": "x" * 201},
    {"place": ""},
    {"location": {"latitude": 1}},
    {"location": {"latitude": 1, "longitude": 181}},
    {"post_id": "1"},
    {"faith": "any"},
    {"state": "agreed"},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=lambda changes: str(changes)[:40])
async def test_list_contact_answers_hostile_input_with_a_problem(house: House, changes: dict[str, Any]) -> None:
    answer = await add_contact(house, **changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    unknown = await house.client.get("/v1/contacts", caller=LEAD, params={"overdue": "perhaps"})
    assert unknown.status_code == 422
