"""Whoever gives plans to somebody else takes their locks in one order, however contacts and plans are ordered."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.visits.jobs import make_proposed, resume_contacts
from shared.uow import Works
from tests.visits.house import COLLEAGUE, LEAD, OFFICIAL, House
from tests.visits.proposals.test_routes import accept, proposed
from tests.visits.register import agreed, chosen, planned_for, posted
from tests.visits.waiting import begin, held


async def given_by_proposal(house: House, contacts: list[str]) -> None:
    body = await proposed(house, only_unassigned=False)
    assert body["contacts"] == len(contacts)
    assert (await accept(house, body["id"])).status_code == 202


async def rested(house: House, contacts: list[str]) -> None:
    for number, contact_id in enumerate(contacts, 1):
        await chosen(house, contact_id, "suspend", until=(house.clock() + timedelta(days=number)).isoformat())
    house.clock.advance(days=len(contacts))


@pytest.mark.parametrize(
    ("before", "job"), [(given_by_proposal, make_proposed), (rested, resume_contacts)], ids=["proposal", "rested"]
)
async def test_a_job_a_reassignment_and_a_hand_over_at_once_wait_for_none_in_a_circle(
    house: House, before: Callable[[House, list[str]], Awaitable[None]], job: Callable[[Works], Coroutine[Any, Any, bool]]
) -> None:
    post_id = await posted(house)
    contacts = [await agreed(house, post_id=post_id) for _ in range(3)]
    plans: list[Any] = [await planned_for(house, contact_id) for contact_id in reversed(contacts)]
    await before(house, contacts)
    reassignment = {"plan_ids": [plan["id"] for plan in plans], "to_assignee_id": str(COLLEAGUE.account_id)}
    async with held(house, "visit_plans", "id", UUID(plans[0]["id"])):
        given = await begin(house, house.client.post("/v1/visit-plans/reassign", caller=LEAD, json=reassignment))
        done = await begin(house, job(house.service.works))
        body = {"holder_id": str(COLLEAGUE.account_id)}
        handed = await begin(house, house.client.post(f"/v1/posts/{post_id}/hand-over", caller=LEAD, json=body))
    answers = await asyncio.gather(given, handed)
    assert [answer.status_code for answer in answers] == [200, 200]
    await done
    for plan in plans:
        assert (await house.read(f"/v1/visit-plans/{plan['id']}"))["assignee_id"] != str(OFFICIAL.account_id)
