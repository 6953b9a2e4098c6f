from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.assessment.decisions.actions import record_decision
from shared.auth import ANONYMOUS, Principal, Role
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal


async def decide(
    office: Office, unit: Any, actor: Principal | None = ADMIN, *, kind: str = "grade.signed", public: bool = True
) -> str:
    subject_id = uuid4()
    async with office.service.works.begin() as uow:
        await record_decision(
            uow,
            actor,
            kind=kind,
            subject="grade",
            subject_id=subject_id,
            unit_id=UUID(unit["id"]),
            rule="grade.two-signatures",
            reason="Two signed.",
            public=public,
        )
    return str(subject_id)


def subjects(page: Any) -> list[str]:
    return [item["subject_id"] for item in page["items"]]


async def test_a_decision_says_who_what_by_which_rule_and_why(office: Office) -> None:
    unit = await office.register_unit("north")
    actor = principal(Role.inspector)
    subject_id = await decide(office, unit, actor)
    (item,) = (await office.get("/v1/decisions"))["items"]
    assert item == {
        "id": item["id"],
        "kind": "grade.signed",
        "subject": "grade",
        "subject_id": subject_id,
        "unit_id": unit["id"],
        "rule": "grade.two-signatures",
        "reason": "Two signed.",
        "actor_role": "inspector",
        "actor_unit_id": None,
        "actor_id": str(actor.account_id),
        "public": True,
        "decided_at": office.clock().isoformat().replace("+00:00", "Z"),
    }


async def test_a_rule_that_decided_alone_has_no_actor(office: Office) -> None:
    await decide(office, await office.register_unit("north"), None)
    (item,) = (await office.get("/v1/decisions"))["items"]
    assert (item["actor_role"], item["actor_id"], item["actor_unit_id"]) == (None, None, None)


async def test_decisions_are_seen_by_those_who_answer_for_the_unit(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid, other = await office.register_unit("mid", "county", north), await office.register_unit("other", "county", north)
    of_mid = await decide(office, mid)
    await decide(office, other)
    for role in (Role.official, Role.lead, Role.inspector):
        assert subjects(await office.get("/v1/decisions", principal(role, UUID(mid["id"])))) == [of_mid]
    assert len(subjects(await office.get("/v1/decisions", principal(Role.lead, UUID(north["id"]))))) == 2
    assert subjects(await office.get("/v1/decisions", principal(Role.official, UUID(north["id"])))) == []


async def test_only_those_who_assess_are_told_whose_account_decided(office: Office) -> None:
    unit = await office.register_unit("north")
    await decide(office, unit)
    (seen,) = (await office.get("/v1/decisions", principal(Role.lead, UUID(unit["id"]))))["items"]
    assert (seen["actor_id"], seen["actor_role"]) == (None, "admin")
    (public,) = (await office.get("/v1/public/decisions", ANONYMOUS))["items"]
    assert "actor_id" not in public
    assert str(ADMIN.account_id) not in str(public)


async def test_before_publication_nobody_who_is_graded_learns_which_unit_decides(office: Office) -> None:
    unit, signing = await office.register_unit("north"), await office.register_unit("south")
    await decide(office, unit, principal(Role.inspector, UUID(signing["id"])), public=False)
    (seen,) = (await office.get("/v1/decisions", principal(Role.lead, UUID(unit["id"]))))["items"]
    assert (seen["actor_role"], seen["actor_unit_id"], seen["actor_id"]) == ("inspector", None, None)
    (seen,) = (await office.get("/v1/decisions"))["items"]
    assert seen["actor_unit_id"] == signing["id"]


async def test_what_is_not_published_is_not_public(office: Office) -> None:
    unit = await office.register_unit("north")
    await decide(office, unit, public=False)
    shown = await decide(office, unit)
    assert subjects(await office.get("/v1/public/decisions", ANONYMOUS)) == [shown]


async def test_decisions_are_found_by_unit_kind_and_subject_in_pages(office: Office) -> None:
    north, other = await office.register_unit("north"), await office.register_unit("other")
    first, second = await decide(office, north), await decide(office, north, kind="grade.returned")
    third = await decide(office, other)
    for path in ("/v1/decisions", "/v1/public/decisions"):
        assert subjects(await office.get(path, unit_id=north["id"])) == [first, second]
        assert subjects(await office.get(path, kind="grade.returned")) == [second]
        assert subjects(await office.get(path, subject="grade", subject_id=third)) == [third]
        page = await office.get(path, limit=2)
        assert subjects(page) + subjects(await office.get(path, limit=2, cursor=page["next_cursor"])) == [first, second, third]


@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=str)
async def test_decisions_refuse_hostile_queries(office: Office, query: dict[str, str]) -> None:
    for path in ("/v1/decisions", "/v1/public/decisions"):
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)


async def test_decisions_are_no_residents_business_in_full(office: Office) -> None:
    assert_problem(await office.client.get("/v1/decisions", caller=principal(Role.resident)), 403, "role-not-allowed")
    assert_problem(await office.client.get("/v1/decisions", caller=ANONYMOUS), 401)


@pytest.mark.parametrize("change", ["UPDATE decisions SET reason = ''", "DELETE FROM decisions", "TRUNCATE decisions"])
async def test_no_decision_is_ever_changed(office: Office, change: str) -> None:
    await decide(office, await office.register_unit("north"))
    with pytest.raises(asyncpg.RaiseError, match="only ever added to"):
        await office.service.database.pool.execute(change)
