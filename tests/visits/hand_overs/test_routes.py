import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.auth import ANONYMOUS, Principal
from shared.events.envelope import Event
from shared.events.feedback import CaseAnswered, CaseConfirmed, CaseOpened, CaseRejected, CaseSource
from shared.events.visits import FindingSponsorChanged, PostHandedOver
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
    finding,
    promise,
)
from tests.visits.register import LABEL, TERMS, agreed, choose, chosen, listed, plan_for, planned_for, posted, seen


async def hand_over(house: House, post_id: str, to: Principal = COLLEAGUE, *, by: Principal = LEAD) -> httpx.Response:
    return await house.client.post(f"/v1/posts/{post_id}/hand-over", caller=by, json={"holder_id": str(to.account_id)})


async def handed_over(house: House, post_id: str, to: Principal = COLLEAGUE) -> dict[str, Any]:
    answer = await hand_over(house, post_id, to)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def preview(house: House, post_id: str, *, by: Principal = LEAD) -> httpx.Response:
    return await house.client.get(f"/v1/posts/{post_id}/hand-over", caller=by)


async def found(house: House, post_id: str, **said: Any) -> UUID:
    """A finding of a visit that the post's holder made."""
    visit_id = await house.visit(post_id=post_id, assignee_id=None)
    answer = await house.record(visit_id, findings=[finding()], **said)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["findings"][0]["id"])


def case_of(
    finding_id: UUID,
    at: datetime,
    *,
    resolved: bool | None = None,
    rejected: bool = False,
    answered_anew: bool = False,
) -> Iterator[Event]:
    """What feedback tells about the case of a finding."""
    case = {"case_id": uuid4(), "unit_id": TOWNSHIP.unit_id, "finding_id": finding_id}
    source = {"source": CaseSource.finding, "opinion_id": None, "visit_id": None}
    yield CaseOpened(**case, **source, channel="public_opinion", category="water", opened_at=at, clocks=())
    if resolved is not None:
        judged = {"judgement": 1, "resolved": resolved, "satisfied": None, "score": None, "confirmed_at": at}
        yield CaseConfirmed(**case, **judged)
    if rejected:
        yield CaseRejected(**case, rejected_at=at)
    if answered_anew:
        yield CaseAnswered(**case, answered_at=at + timedelta(hours=1), first=False, in_time=True)


async def test_hand_over_says_beforehand_and_afterwards_what_passes_on(house: House) -> None:
    post_id = await posted(house)
    contact_id = await agreed(house, post_id=post_id)
    await listed(house, post_id=post_id)
    await chosen(house, await listed(house, post_id=post_id), "end")
    plan = await planned_for(house, contact_id)
    await found(house, post_id, promises=[promise()])
    before = (await preview(house, post_id)).json()
    wanted = {"contacts": 2, "plans": 2, "visits": len(plan["visits"]), "promises": 1, "findings": 1}
    assert before == {"post_id": post_id, "holder_id": str(OFFICIAL.account_id), **wanted}
    assert (await preview(house, post_id, by=OFFICIAL)).json() == before
    after = await handed_over(house, post_id)
    assert after == {**before, "holder_id": str(COLLEAGUE.account_id)}
    assert (await preview(house, post_id)).json() == after
    house.clock.advance(days=1)
    (told,) = await house.told(PostHandedOver)
    assert (str(told.post_id), told.unit_id, told.holder_id) == (post_id, TOWNSHIP.unit_id, COLLEAGUE.account_id)
    assert LABEL not in str(told)


async def test_the_new_holder_sees_contacts_and_makes_visits_and_the_old_one_does_not(house: House) -> None:
    post_id = await posted(house)
    contact_id = await agreed(house, post_id=post_id)
    made, ahead = (await planned_for(house, contact_id))["visits"][:2]
    await house.record(made["id"])
    await handed_over(house, post_id)
    house.clock.advance(days=14)
    for who, sees in ((COLLEAGUE, True), (OFFICIAL, False)):
        assert ((await seen(house, contact_id, by=who))["label"] == LABEL) is sees
        visit = (await house.client.get(f"/v1/visits/{ahead['id']}", caller=who)).json()
        assert (visit["contact"] is not None) is sees
        assert visit["assignee_id"] == str(COLLEAGUE.account_id)
    assert (await house.record(ahead["id"], by=OFFICIAL)).status_code == 403
    assert (await house.record(ahead["id"], by=COLLEAGUE)).status_code == 200
    was_made = (await house.client.get(f"/v1/visits/{made['id']}", caller=LEAD)).json()
    assert was_made["assignee_id"] == str(OFFICIAL.account_id), "who made a visit made it"


async def test_visits_planned_later_are_the_new_holders(house: House) -> None:
    post_id = await posted(house)
    plan = await house.planned(post_id=post_id, assignee_id=None, rrule="FREQ=MONTHLY")
    await handed_over(house, post_id)
    body = (await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=LEAD)).json()
    assert body["assignee_id"] == str(COLLEAGUE.account_id)
    later = await house.planned(post_id=post_id, assignee_id=None)
    assert later["assignee_id"] == str(COLLEAGUE.account_id)


async def test_what_belongs_to_another_post_or_to_none_stays(house: House) -> None:
    post_id, other = await posted(house), await posted(house, code="other")
    plans = [await house.planned(post_id=other, assignee_id=None), await house.planned()]
    body = await handed_over(house, post_id)
    assert [body[name] for name in ("contacts", "plans", "visits", "promises", "findings")] == [0] * 5
    for plan in plans:
        for path in (f"/v1/visit-plans/{plan['id']}", f"/v1/visits/{plan['visits'][0]['id']}"):
            shown = (await house.client.get(path, caller=LEAD)).json()
            assert shown["assignee_id"] == str(OFFICIAL.account_id)


async def test_what_was_promised_is_owed_by_whoever_has_the_post(house: House) -> None:
    post_id = await posted(house)
    await found(house, post_id, promises=[promise()])
    await handed_over(house, post_id)
    (owed,) = (await house.client.get("/v1/promises", caller=LEAD)).json()["items"]
    assert owed["owner_id"] == str(COLLEAGUE.account_id)
    kept = [await house.client.post(f"/v1/promises/{owed['id']}/keep", caller=who) for who in (OFFICIAL, COLLEAGUE)]
    assert [answer.status_code for answer in kept] == [403, 200]


async def test_a_hand_over_and_what_happens_meanwhile_both_stand(house: House) -> None:
    """Records, choices, and plans that are made or changed at the same moment: none waits for another in a circle."""
    post_id = await posted(house)
    contacts = [await agreed(house, post_id=post_id) for _ in range(3)]
    first, second = [await planned_for(house, contact_id) for contact_id in contacts[:2]]
    single = await house.planned(post_id=post_id, assignee_id=None)
    change = house.client.call(
        "PATCH", f"/v1/visit-plans/{single['id']}", caller=LEAD, json={"post_id": post_id}, headers={"If-Match": '"1"'}
    )
    handed, *answers = await asyncio.gather(
        hand_over(house, post_id),
        house.record(first["visits"][0]["id"], by=LEAD, findings=[finding()], promises=[promise()]),
        choose(house, contacts[1], "agree", **{**TERMS, "rhythm_days": 30}, by=LEAD),
        plan_for(house, contacts[2]),
        change,
    )
    assert handed.status_code == 200, handed.text
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 201]
    assert answers[3].status_code in (200, 412)
    for plan_id in (first["id"], second["id"], single["id"], answers[2].json()["id"]):
        plan = (await house.client.get(f"/v1/visit-plans/{plan_id}", caller=LEAD)).json()
        assert plan["assignee_id"] == str(COLLEAGUE.account_id)
    left = (await house.client.get("/v1/visits", caller=LEAD, params={"limit": 100, "state": "planned"})).json()["items"]
    assert {visit["assignee_id"] for visit in left} == {str(COLLEAGUE.account_id)}


async def test_findings_whose_case_is_not_over_get_the_new_holder_as_sponsor(house: House) -> None:
    post_id = await posted(house)
    unheard, waiting, confirmed, refused, rejected, answered_anew = [await found(house, post_id) for _ in range(6)]
    of_another = await found(house, await posted(house, code="other"))
    await house.tell(*case_of(waiting, house.clock()))
    await house.tell(*case_of(confirmed, house.clock(), resolved=True))
    await house.tell(*case_of(refused, house.clock(), resolved=False))
    await house.tell(*case_of(rejected, house.clock(), rejected=True))
    await house.tell(*case_of(answered_anew, house.clock(), resolved=True, answered_anew=True))
    body = await handed_over(house, post_id)
    changed = await house.told(FindingSponsorChanged)
    assert {event.finding_id for event in changed} == {unheard, waiting, refused, answered_anew}
    assert body["findings"] == 4
    assert {event.sponsor_id for event in changed} == {COLLEAGUE.account_id}
    assert {event.unit_id for event in changed} == {TOWNSHIP.unit_id}
    for finding_id, sponsor in ((waiting, COLLEAGUE), (confirmed, OFFICIAL), (rejected, OFFICIAL), (of_another, OFFICIAL)):
        shown = (await house.client.get(f"/v1/findings/{finding_id}", caller=LEAD)).json()
        assert shown["sponsor_id"] == str(sponsor.account_id)


async def test_a_post_can_go_from_hand_to_hand_and_back(house: House) -> None:
    post_id = await posted(house)
    await found(house, post_id)
    await handed_over(house, post_id, COLLEAGUE)
    house.clock.advance(days=1)
    body = await handed_over(house, post_id, OFFICIAL)
    assert body["findings"] == 1
    post = (await house.client.get(f"/v1/posts/{post_id}", caller=OFFICIAL)).json()
    assert post["holder_id"] == str(OFFICIAL.account_id)
    assert post["held_since"] != post["created_at"]


async def test_hand_over_to_who_has_it_says_so(house: House) -> None:
    answer = await hand_over(house, await posted(house), OFFICIAL)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("holds-the-post")
    assert await house.told(PostHandedOver) == []


@pytest.mark.parametrize(
    ("to", "status"),
    [(VILLAGE_OFFICIAL, 200), (LEAD, 200), (STRANGER, 422), (INSPECTOR, 404), (RESIDENT, 404)],
    ids=["below", "above", "elsewhere", "inspector", "resident"],
)
async def test_a_post_goes_to_staff_of_its_units_chain(house: House, to: Principal, status: int) -> None:
    assert (await hand_over(house, await posted(house), to)).status_code == status


@pytest.mark.parametrize(
    ("who", "does", "sees"),
    [
        (LEAD, 200, 200),
        (ADMIN, 200, 200),
        (OFFICIAL, 403, 200),
        (COLLEAGUE, 403, 200),
        (INSPECTOR, 403, 200),
        (VILLAGE_OFFICIAL, 403, 404),
        (STRANGER, 404, 404),
        (RESIDENT, 403, 403),
        (ANONYMOUS, 401, 401),
    ],
)
async def test_hand_over_is_for_a_lead_over_the_unit(house: House, who: Principal, does: int, sees: int) -> None:
    post_id = await posted(house)
    assert (await preview(house, post_id, by=who)).status_code == sees
    answer = await hand_over(house, post_id, by=who)
    assert answer.status_code == does
    if does == 404:
        missing = await hand_over(house, str(uuid4()), by=who)
        assert {**missing.json(), "request_id": ""} == {**answer.json(), "request_id": ""}


@pytest.mark.parametrize("body", [{}, {"holder_id": "1"}, {"holder_id": None}, {"holder_id": str(UUID(int=1)), "by": 1}], ids=str)
async def test_hand_over_answers_hostile_input_with_a_problem(house: House, body: dict[str, Any]) -> None:
    answer = await house.client.post(f"/v1/posts/{await posted(house)}/hand-over", caller=LEAD, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
