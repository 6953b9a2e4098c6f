"""Practice policies through REST: versions, levels and times, and what other parts read of them."""

import asyncio
from typing import Any

import pytest

from services.assessment.policies.queries import grade_terms, inspection_rhythm
from shared.auth import ANONYMOUS, Role
from shared.events.assessment import PracticePolicyRegistered, RetentionPolicyRegistered
from shared.practices import SHIPPED
from shared.types import Level
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.assessment.policies.test_routes import later, same_time
from tests.support.callers import principal

PATH = "/v1/practice-policies"
MONTHLY = {"practice": "visit_rhythm", "usual_days": 30, "longest_days": 60}
TERMS = {"practice": "grade_terms", "validity_days": 730, "objection_days": 20, "upgrade_plan_days": 60, "comment_days": 30}


KEPT = {"access_days": 200, "protected_days": 400, "named_days": 2000}
RETENTION = {"practice": "retention", "thought": KEPT, "emotional": KEPT, "public_sentiment": KEPT, "public_opinion": KEPT}


def asked(**changed: Any) -> dict[str, Any]:
    return {"name": "Every month", "level": "township", "rules": MONTHLY, **changed}


async def register(office: Office, **changed: Any) -> Any:
    return await office.post(PATH, asked(**changed))


async def effective(office: Office, practice: str = "visit_rhythm", **params: Any) -> Any:
    return await office.get(f"{PATH}/effective", practice=practice, **params)


async def test_register_shows_and_tells_what_was_asked_for(office: Office) -> None:
    made = await register(office)
    assert made == {
        **asked(),
        "id": made["id"],
        "label": "visit_rhythm:township.v1",
        "version": 1,
        "effective_from": made["effective_from"],
        "registered_at": made["registered_at"],
        "shipped": False,
    }
    assert same_time(made["effective_from"], office.clock())
    (event,) = await office.recorded(PracticePolicyRegistered)
    assert event.model_dump(mode="json") == {
        "practice_policy_id": made["id"],
        "policy_code": "visit_rhythm:township",
        **{name: made[name] for name in ("version", "level", "effective_from", "rules", "registered_at")},
    }
    assert (str(event.key), event.topic) == (made["id"], "massline.assessment.policies")


async def test_retention_is_told_as_a_contract_of_its_own_with_every_days(office: Office) -> None:
    made = await register(office, level=None, rules=RETENTION)
    assert (made["label"], made["rules"]) == ("retention.v2", RETENTION)
    (event,) = await office.recorded(RetentionPolicyRegistered)
    assert event.model_dump(mode="json") == {
        "retention_policy_id": made["id"],
        "policy_code": "retention",
        **{name: made[name] for name in ("version", "level", "effective_from", "rules", "registered_at")},
    }
    assert (str(event.key), event.topic) == (made["id"], "massline.assessment.policies")
    assert await office.recorded(PracticePolicyRegistered) == []
    assert await effective(office, "retention", level="county") == made


async def test_a_retention_below_its_floor_is_refused_with_what_is_allowed(office: Office) -> None:
    for days, says in (
        ({"access_days": 179}, "greater than or equal to 180"),
        ({"protected_days": 199}, "for `access_days` or longer"),
        ({"named_days": 3661}, "less than or equal to 3660"),
    ):
        rules = {**RETENTION, "public_opinion": {**KEPT, **days}}
        answer = await office.client.post(PATH, caller=ADMIN, json=asked(rules=rules))
        assert_problem(answer, 422, "invalid-request")
        assert says in answer.text


async def test_only_administrators_register_and_everybody_signed_in_reads(office: Office) -> None:
    for role in set(Role) - {Role.admin, Role.anonymous}:
        assert_problem(await office.client.post(PATH, caller=principal(role), json=asked()), 403, "role-not-allowed")
        await office.get(PATH, principal(role))
    for path in (PATH, f"{PATH}/effective"):
        answer = await office.client.get(path, caller=ANONYMOUS, params={"practice": "visit_rhythm"})
        assert_problem(answer, 401, "authentication-required")


BAD: list[tuple[str, dict[str, Any]]] = [
    ("policy-in-the-past", {"effective_from": "2026-03-02T09:30:14Z"}),
    ("invalid-request", {"rules": {**MONTHLY, "usual_days": 61}}),
    ("invalid-request", {"rules": {**MONTHLY, "usual_days": 6}}),
    ("invalid-request", {"rules": {**MONTHLY, "longest_days": 367}}),
    ("invalid-request", {"rules": {**MONTHLY, "usual_days": "30"}}),
    ("invalid-request", {"rules": {**MONTHLY, "more": 1}}),
    ("invalid-request", {"rules": {**MONTHLY, "practice": "tea"}}),
    ("invalid-request", {"rules": {**TERMS, "objection_days": 6}}),
    ("invalid-request", {"rules": {"practice": "inspection_rhythm", "every_days": 29}}),
    ("invalid-request", {"rules": {**RETENTION, "thought": {**KEPT, "access_days": 179}}}),
    ("invalid-request", {"rules": {**RETENTION, "thought": {**KEPT, "protected_days": 199}}}),
    ("invalid-request", {"rules": {**RETENTION, "thought": {**KEPT, "named_days": 199}}}),
    ("invalid-request", {"rules": {**RETENTION, "thought": {**KEPT, "named_days": 3661}}}),
    ("invalid-request", {"rules": {**RETENTION, "thought": {**KEPT, "more": 1}}}),
    ("invalid-request", {"rules": {name: value for name, value in RETENTION.items() if name != "thought"}}),
    ("invalid-request", {"rules": {}}),
    ("invalid-request", {"level": "galaxy"}),
    ("invalid-request", {"name": "\x00"}),
]


@pytest.mark.parametrize(("slug", "changed"), BAD, ids=range(len(BAD)))
async def test_bad_practice_policies_are_refused(office: Office, slug: str, changed: dict[str, Any]) -> None:
    assert_problem(await office.client.post(PATH, caller=ADMIN, json=asked(**changed)), 422, slug)
    assert await office.recorded(PracticePolicyRegistered) == []
    assert await office.recorded(RetentionPolicyRegistered) == []


async def test_a_levels_policy_comes_before_that_for_all_from_its_time_on(office: Office) -> None:
    shipped = await effective(office, level="township")
    assert (shipped["label"], shipped["shipped"]) == ("visit_rhythm.v1", True)
    for_all = await register(office, level=None, rules={**MONTHLY, "longest_days": 99})
    own = await register(office, effective_from=later(office, days=5))
    assert (for_all["label"], own["label"]) == ("visit_rhythm.v2", "visit_rhythm:township.v1")
    assert await effective(office, level="township") == for_all
    assert await effective(office, level="township", at=later(office, days=5)) == own
    assert await effective(office, level="county", at=later(office, days=5)) == for_all
    assert await effective(office, level="township", at="2026-03-02T09:30:14Z") == shipped
    answer = await office.client.get(
        f"{PATH}/effective", caller=ADMIN, params={"practice": "visit_rhythm", "at": "1969-01-01T00:00:00Z"}
    )
    assert_problem(answer, 404, "practice-policy-not-found")


async def test_versions_registered_at_once_are_given_out_one_by_one(office: Office) -> None:
    made = await asyncio.gather(*(register(office) for _ in range(5)))
    assert sorted(each["version"] for each in made) == [1, 2, 3, 4, 5]


async def test_grading_reads_its_terms_and_the_inspection_rhythm(office: Office) -> None:
    await register(office, level="county", rules=TERMS)
    await register(office, level="county", rules={"practice": "inspection_rhythm", "every_days": 90})
    async with office.service.works.begin() as uow:
        terms = await grade_terms(uow, Level.county, uow.now())
        assert terms.model_dump(mode="json") == TERMS
        assert (await grade_terms(uow, Level.township, uow.now())).validity_days == 365
        assert (await inspection_rhythm(uow, Level.county, uow.now())).every_days == 90
        assert (await inspection_rhythm(uow, Level.province, uow.now())).every_days == 182


async def test_lists_come_in_pages_by_practice_and_refuse_hostile_input(office: Office) -> None:
    made = await register(office)
    labels: list[str] = []
    cursor = None
    while cursor is not None or not labels:
        page = await office.get(PATH, limit=2, **({"cursor": cursor} if cursor else {}))
        labels += [each["label"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert labels == [*(policy.label for policy in SHIPPED), made["label"]]
    found = await office.get(PATH, practice="visit_rhythm")
    assert [each["label"] for each in found["items"]] == ["visit_rhythm.v1", "visit_rhythm:township.v1"]
    for query in [*HOSTILE_QUERIES, {"practice": "tea"}]:
        assert_problem(await office.client.get(PATH, caller=ADMIN, params=query), 422)
