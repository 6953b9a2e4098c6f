"""What other services decided enters the same register, once, and is for whoever may know of every case."""

import asyncio
import random
from uuid import UUID

import pytest

from shared.auth import ANONYMOUS, Principal, Role
from shared.events.feedback import DecidedAbout
from tests.assessment.cases import decision_made
from tests.assessment.office import ADMIN, Office
from tests.support.callers import principal


async def test_a_rejection_stands_beside_the_grades(office: Office) -> None:
    unit = await office.register_unit("north")
    event = decision_made(unit)
    await office.hear([event])
    (entered,) = (await office.get("/v1/decisions", unit_id=unit["id"]))["items"]
    assert entered == {
        "id": str(event.decision_id),
        "kind": "case.rejected",
        "subject": "case",
        "subject_id": str(event.subject_id),
        "unit_id": unit["id"],
        "rule": "case.rejected-with-reason",
        "reason": "not_our_duty",
        "actor_role": "official",
        "actor_unit_id": unit["id"],
        "actor_id": None,
        "public": False,
        "decided_at": "2026-03-02T10:00:00Z",
    }
    assert (await office.get("/v1/decisions", subject="case", kind="case.rejected"))["items"] == [entered]


async def test_a_rule_that_closed_a_case_alone_has_no_role(office: Office) -> None:
    await office.hear([decision_made(await office.register_unit("north"), role=None)])
    (entered,) = (await office.get("/v1/decisions"))["items"]
    assert (entered["actor_role"], entered["actor_unit_id"]) == (None, None)


async def test_however_often_and_in_whatever_order_they_are_told_each_is_entered_once(office: Office) -> None:
    unit = await office.register_unit("north")
    events = [decision_made(unit, hours=hours) for hours in range(5)] * 3
    random.Random(1).shuffle(events)
    await asyncio.gather(office.hear(events[:8]), office.hear(events[8:]))
    entered = (await office.get("/v1/decisions"))["items"]
    assert sorted(each["id"] for each in entered) == sorted({str(event.decision_id) for event in events})


@pytest.mark.parametrize("about", DecidedAbout)
@pytest.mark.parametrize("role", [Role.official, Role.lead, Role.inspector])
async def test_only_administrators_may_know_of_every_case_report_and_hold(
    office: Office, about: DecidedAbout, role: Role
) -> None:
    """Who else may is decided by feedback alone: a case may be about the reader's own unit or post."""
    unit = await office.register_unit("north")
    event = decision_made(unit, about)
    await office.hear([event])
    readers: list[Principal] = [principal(role, UUID(unit["id"])), principal(Role.inspector)]
    for reader in readers:
        assert (await office.get("/v1/decisions", reader))["items"] == []
        assert (await office.get("/v1/decisions", reader, subject_id=str(event.subject_id)))["items"] == []
    assert (await office.get("/v1/public/decisions", ANONYMOUS))["items"] == []
    assert len((await office.get("/v1/decisions", ADMIN))["items"]) == 1
