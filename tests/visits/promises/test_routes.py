from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.visits import jobs
from services.visits.jobs import follow_promises
from services.visits.promises.actions import pass_on
from shared.auth import ANONYMOUS, Principal
from shared.events.visits import PromiseBroken, PromiseKept, PromiseMade, PromiseWithdrawn
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE_OFFICIAL,
    House,
    promise,
)


async def _promised(
    house: House, *, by: Principal = OFFICIAL, visit: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    answer = await house.record(await house.visit(**visit or {}), by=by, promises=[promise(**changes)])
    assert answer.status_code == 200, answer.text
    (made,) = answer.json()["promises"]
    found: dict[str, Any] = made
    return found


async def _say(house: House, promise_id: str, verb: str, by: Principal = OFFICIAL, **body: Any) -> httpx.Response:
    return await house.client.post(f"/v1/promises/{promise_id}/{verb}", caller=by, json=body)


async def test_promises_are_made_with_the_record_and_shown_on_the_visit(house: House) -> None:
    visit_id = await house.visit()
    answer = await house.record(visit_id, promises=[promise(), promise(text="Bring the form", due_on="2026-03-02")])
    made = answer.json()["promises"]
    assert [(item["text"], item["state"], item["overdue"]) for item in made] == [
        ("Send the plumber", "open", False),
        ("Bring the form", "open", False),
    ]
    assert {item["owner_id"] for item in made} == {str(OFFICIAL.account_id)}
    assert (await house.read(f"/v1/visits/{visit_id}"))["promises"] == made
    assert await house.read(f"/v1/promises/{made[0]['id']}", by=OFFICIAL) == made[0]
    events = await house.told(PromiseMade)
    assert [str(event.promise_id) for event in events] == [item["id"] for item in made]
    assert {event.unit_id for event in events} == {TOWNSHIP.unit_id}


async def test_a_lead_who_records_leaves_the_promise_to_the_visitor(house: House) -> None:
    assert (await _promised(house, by=LEAD))["owner_id"] == str(OFFICIAL.account_id)


async def test_keep_promise_in_time_and_late(house: House) -> None:
    early, late = await _promised(house), await _promised(house, due_on="2026-03-04")
    house.clock.advance(days=4)
    kept = (await _say(house, early["id"], "keep")).json()
    assert (kept["state"], kept["overdue"]) == ("kept", False)
    assert (await house.read(f"/v1/promises/{late['id']}"))["overdue"] is True
    assert (await _say(house, late["id"], "keep")).json()["overdue"] is False
    events = await house.told(PromiseKept)
    assert [(str(event.promise_id), event.in_time) for event in events] == [(early["id"], True), (late["id"], False)]
    again = await _say(house, early["id"], "withdraw", reason="No plumber")
    assert again.status_code == 409
    assert again.json()["type"].endswith("promise-closed")


async def test_withdraw_promise_says_why(house: House) -> None:
    made = await _promised(house)
    assert (await _say(house, made["id"], "withdraw")).status_code == 422
    sensitive = await _say(house, made["id"], "withdraw", reason="He is ill")
    assert sensitive.json()["type"].endswith("sensitive-note")
    withdrawn = (await _say(house, made["id"], "withdraw", reason="No plumber to be had")).json()
    assert (withdrawn["state"], withdrawn["reason"]) == ("withdrawn", "No plumber to be had")
    (event,) = await house.told(PromiseWithdrawn)
    assert str(event.promise_id) == made["id"]


async def test_a_promise_whose_day_passed_is_told_of_once_and_may_still_be_kept(house: House) -> None:
    made, kept = await _promised(house), await _promised(house)
    await _say(house, kept["id"], "keep")
    assert await follow_promises(house.service.works) is False
    assert await house.told(PromiseBroken) == []
    house.clock.advance(days=16)
    for _ in range(2):
        await follow_promises(house.service.works)
    (event,) = await house.told(PromiseBroken)
    assert (str(event.promise_id), event.due_on.isoformat()) == (made["id"], "2026-03-16")
    shown = await house.read(f"/v1/promises/{made['id']}")
    assert (shown["state"], shown["overdue"]) == ("open", True)
    assert (await _say(house, made["id"], "keep")).json()["state"] == "kept"


async def test_follow_promises_says_when_there_is_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    await house.record(await house.visit(), promises=[promise()] * 3)
    house.clock.advance(days=30)
    assert [await follow_promises(house.service.works) for _ in range(2)] == [True, False]
    assert len(await house.told(PromiseBroken)) == 3


async def test_list_promises_filters_and_pages(house: House) -> None:
    mine = [(await _promised(house))["id"] for _ in range(2)]
    soon = await _promised(house, due_on="2026-03-03")
    other = await _promised(house, by=ADMIN, visit={"assignee_id": str(VILLAGE_OFFICIAL.account_id)})
    await _say(house, mine[0], "keep")
    house.clock.advance(days=3)

    async def ids(who: Principal = LEAD, **params: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = await house.read("/v1/promises", by=who, limit=2, **params)
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    assert await ids() == [*mine, soon["id"], other["id"]]
    assert await ids(VILLAGE_OFFICIAL) == [other["id"]]
    assert await ids(state="kept") == mine[:1]
    assert await ids(overdue="true") == [soon["id"]]
    assert await ids(visit_id=soon["visit_id"]) == [soon["id"]]
    assert await ids(unit_id=str(uuid4())) == []
    assert await ids(STRANGER) == []


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OFFICIAL, 200),
        (LEAD, 200),
        (ADMIN, 200),
        (COLLEAGUE, 403),
        (INSPECTOR, 403),
        (STRANGER, 404),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_what_became_of_a_promise_is_said_by_who_owes_it_and_those_over_the_unit(
    house: House, who: Principal, status: int
) -> None:
    assert (await _say(house, (await _promised(house))["id"], "keep", who)).status_code == status


async def test_a_foreign_promise_is_answered_as_one_that_does_not_exist(house: House) -> None:
    made = await _promised(house)
    for method, rest in (("GET", ""), ("POST", "/keep"), ("POST", "/withdraw")):
        body = {"reason": "So"} if rest == "/withdraw" else None
        answers = [
            await house.client.call(method, f"/v1/promises/{id}{rest}", caller=STRANGER, json=body)
            for id in (made["id"], uuid4())
        ]
        assert answers[0].status_code == answers[1].status_code == 404
        assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}


async def test_open_promises_follow_their_post(house: House) -> None:
    body = {
        "unit_id": str(TOWNSHIP.unit_id),
        "code": "clerk",
        "name": "Clerk",
        "holder_id": str(OFFICIAL.account_id),
        "visits_per_week": 5,
    }
    post = await house.client.post("/v1/posts", caller=LEAD, json=body)
    by_post = {"assignee_id": None, "post_id": post.json()["id"]}
    kept, still_open = await _promised(house, visit=by_post), await _promised(house, visit=by_post)
    apart = await _promised(house)
    await _say(house, kept["id"], "keep")
    async with house.service.works.begin() as uow:
        assert await pass_on(uow, UUID(post.json()["id"]), COLLEAGUE.account) == 1
    owners = {id: (await house.read(f"/v1/promises/{id}"))["owner_id"] for id in (kept["id"], still_open["id"], apart["id"])}
    assert owners == {
        kept["id"]: str(OFFICIAL.account_id),
        still_open["id"]: str(COLLEAGUE.account_id),
        apart["id"]: str(OFFICIAL.account_id),
    }
    assert (await _say(house, still_open["id"], "keep", COLLEAGUE)).status_code == 200
