import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.auth import ANONYMOUS, Role
from shared.events.assessment import StandardActivated, StandardDrafted, StandardWithdrawn
from tests.assessment.office import ADMIN, Office, a_standard, assert_problem
from tests.support.callers import principal

SHIPPED = "00000000-0000-7000-8000-000000000001"


async def test_a_draft_says_all_that_it_asks_for(office: Office) -> None:
    asked = a_standard(level="township", floors=[{"indicator": "visits_on_time", "at_least": 0.5}])
    standard = await office.post("/v1/standards", asked)
    plain = {"scale": {"floor": 0.0, "target": 1.0}, "normalisation": None}
    assert standard == {
        **asked,
        "criteria": [{**criterion, **plain} for criterion in asked["criteria"]],
        "floors": [{"indicator": "visits_on_time", "at_least": 0.5, "minimum_sample": 5}],
        "gates": [],
        "bands": {"qualified": 0.6, "excellent": 0.85},
        "level_bands": {},
        "id": standard["id"],
        "version": 1,
        "state": "draft",
        "comments_until": "2026-03-16T09:30:15.123456Z",
        "created_at": "2026-03-02T09:30:15.123456Z",
        "activated_at": None,
        "reason": None,
        "changes": [],
    }
    assert await office.get(f"/v1/standards/{standard['id']}", principal(Role.resident)) == standard
    [event] = await office.recorded(StandardDrafted)
    assert event.model_dump(mode="json") == {
        "standard_id": standard["id"], "standard_code": "basic", "version": 1, "level": "township", "criteria": 3,
        "comments_until": standard["comments_until"], "drafted_at": standard["created_at"],
    }  # fmt: skip


async def test_there_is_a_published_scheme_to_begin_with(office: Office) -> None:
    [shipped] = (await office.get("/v1/standards"))["items"]
    assert (shipped["id"], shipped["code"], shipped["state"]) == (SHIPPED, "three-rates", "active")
    assert {each["code"]: each["weight"] for each in shipped["criteria"]} == {
        "response": 10, "resolution": 45, "satisfaction": 45,
    }  # fmt: skip
    unit = await office.register_unit("north")
    assert (await office.schedule_campaign(unit, shipped))["state"] == "running"


async def test_a_next_version_leaves_the_old_one(office: Office) -> None:
    first = await office.adopt_standard()
    weights = {"response": 20, "resolution": 40, "satisfaction": 40}
    second = await office.draft_standard(weights=weights, bands={"qualified": 0.5, "excellent": 0.9})
    assert (second["version"], second["bands"]) == (2, {"qualified": 0.5, "excellent": 0.9})
    other = await office.draft_standard("other")
    assert other["version"] == 1
    page = await office.get("/v1/standards", limit=2)
    rest = await office.get("/v1/standards", cursor=page["next_cursor"])
    assert [standard["id"] for standard in page["items"] + rest["items"]] == [
        SHIPPED, *sorted(standard["id"] for standard in (first, second, other)),
    ]  # fmt: skip
    assert (await office.get("/v1/standards", code="basic", state="active"))["items"] == [first]
    assert [each["id"] for each in (await office.get("/v1/standards", state="draft"))["items"]] == [second["id"], other["id"]]


@pytest.mark.parametrize(
    "change", ["UPDATE standards SET content = '{}'", "UPDATE standards SET version = 9", "DELETE FROM standards"]
)
async def test_what_has_been_active_is_never_changed(office: Office, change: str) -> None:
    standard = await office.adopt_standard()
    pool = office.service.database.pool
    with pytest.raises(asyncpg.RaiseError, match="make a new version"):
        await pool.execute(f"{change} WHERE id = $1", UUID(standard["id"]))
    draft = await office.draft_standard("other")
    assert (await pool.execute(f"{change} WHERE id = $1", UUID(draft["id"]))).endswith(" 1")


async def test_versions_drafted_at_once_get_a_number_each(office: Office) -> None:
    drafted = await asyncio.gather(*(office.draft_standard() for _ in range(5)))
    assert sorted(standard["version"] for standard in drafted) == [1, 2, 3, 4, 5]


async def test_a_draft_shows_what_it_would_change(office: Office) -> None:
    first = await office.adopt_standard()
    second = await office.draft_standard(minimum_sample=7)
    expected = [f"{name}: minimum_sample 5 -> 7" for name in ("response", "resolution", "satisfaction")]
    found = await office.get(f"/v1/standards/{second['id']}/changes", principal(Role.resident))
    assert found == {"standard_id": second["id"], "compared_with": first["id"], "changes": expected}
    assert (await office.get(f"/v1/standards/{first['id']}/changes"))["changes"] == []
    unheard_of = await office.draft_standard("new")
    assert (await office.get(f"/v1/standards/{unheard_of['id']}/changes"))["changes"] == ["first version"]


async def test_a_draft_can_be_given_up(office: Office) -> None:
    draft = await office.draft_standard()
    path = f"/v1/standards/{draft['id']}/withdraw"
    answer = await office.client.post(path, caller=ADMIN, json={"reason": "The comments asked for another one."})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert_problem(await office.client.post(path, caller=ADMIN, json={"reason": "Again."}), 409, "standard-state")
    assert len(await office.recorded(StandardWithdrawn)) == 1
    assert await office.recorded(StandardActivated) == []


async def test_only_an_active_version_can_be_used_by_a_campaign(office: Office) -> None:
    unit, first = await office.register_unit("north"), await office.adopt_standard()
    await office.schedule_campaign(unit, first)
    second = await office.adopt_standard(minimum_sample=6)
    draft = await office.draft_standard()
    for standard in (first, draft):
        body = {
            "code": "autumn",
            "name": "Autumn",
            "standard_id": standard["id"],
            "unit_id": unit["id"],
            "starts_at": office.clock().isoformat(),
            "ends_at": (office.clock() + timedelta(days=9)).isoformat(),
        }
        assert_problem(await office.client.post("/v1/campaigns", caller=ADMIN, json=body), 409, "standard-not-active")
    assert (await office.scorecard(unit))["grade"]["explanation"]["standard"]["version"] == 1
    await office.schedule_campaign(unit, second, code="summer")


def with_first(**fields: Any) -> dict[str, Any]:
    first, *others = a_standard()["criteria"]
    return {"criteria": [{**first, **fields}, *others]}


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        (with_first(weight=11), "weights-not-100"),
        (with_first(code="resolution"), "criterion-twice"),
        (with_first(source="inspector"), "criterion-indicator"),
        ({"bands": {"qualified": 0.9, "excellent": 0.85}}, "bands-not-rising"),
        ({"bands": {"qualified": 0.6, "excellent": 1.01}}, "invalid-request"),
        ({"bands": {"qualified": 0, "excellent": 0.5}}, "invalid-request"),
        ({"bands": {"qualified": 0.605, "excellent": 0.9}}, "invalid-request"),
        (with_first(weight=-10), "invalid-request"),
        (with_first(weight=10.5), "invalid-request"),
        (with_first(weight=2**63), "invalid-request"),
        (with_first(indicator="faith"), "invalid-request"),
        (with_first(minimum_sample=0), "invalid-request"),
        (with_first(minimum_sample=2**63), "invalid-request"),
        (with_first(scale={"floor": 0.00001, "target": 1}), "invalid-request"),
        (with_first(scale={"floor": "NaN", "target": 1}), "invalid-request"),
        (with_first(scale={"floor": 0, "target": "Infinity"}), "invalid-request"),
        (with_first(scale={"floor": "1e999", "target": 1}), "invalid-request"),
        (with_first(owner="\x00"), "invalid-request"),
        (with_first(normalisation={"by": "faith"}), "invalid-request"),
        (with_first(normalisation={"by": "staff", "terrain": {"moon": 1}}), "invalid-request"),
        ({"criteria": []}, "invalid-request"),
        ({"floors": [{"indicator": "response", "at_least": 1.1}]}, "invalid-request"),
        ({"floors": [{"indicator": "visits_made", "at_least": 0.5}]}, "floor-not-a-share"),
        ({"comment_days": 6}, "invalid-request"),
        ({"comment_days": 13}, "comments-too-short"),
        ({"level": "galaxy"}, "invalid-request"),
        ({"level_bands": {"galaxy": {}}}, "invalid-request"),
        ({"name": "a\x00b"}, "invalid-request"),
        ({"version": 7}, "invalid-request"),
    ],
)
async def test_draft_standard_refusals(office: Office, fields: dict[str, Any], slug: str) -> None:
    answer = await office.client.post("/v1/standards", caller=ADMIN, json={**a_standard(), **fields})
    assert_problem(answer, 422, slug)


@pytest.mark.parametrize(
    "fields",
    [b'"comment_days": NaN', b'"bands": {"qualified": NaN}', b'"bands": {"excellent": 1e999}',
     b'"bands": {"excellent": -Infinity}', b'"criteria": [{"scale": {"floor": 1e999}}]',
     b'"comment_days": ' + b"9" * 5000, b'"criteria": ' + b"[" * 5000],
)  # fmt: skip
async def test_draft_standard_hostile_numbers(office: Office, fields: bytes) -> None:
    body = b'{"code": "basic", "name": "Basic", ' + fields + b"}"
    headers = {"content-type": "application/json"}
    answer = await office.client.post("/v1/standards", caller=ADMIN, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("role", [Role.resident, Role.official, Role.lead, Role.inspector])
async def test_draft_standard_is_the_administrators(office: Office, role: Role) -> None:
    assert_problem(await office.client.post("/v1/standards", caller=principal(role), json=a_standard()), 403, "role-not-allowed")


async def test_standards_need_an_account(office: Office) -> None:
    for path in ("/v1/standards", f"/v1/standards/{uuid4()}"):
        assert_problem(await office.client.get(path, caller=ANONYMOUS), 401)
    assert_problem(await office.client.post("/v1/standards", caller=ANONYMOUS, json=a_standard()), 401)


async def test_get_standard_unknown(office: Office) -> None:
    for path in ("", "/changes"):
        assert_problem(await office.client.get(f"/v1/standards/{uuid4()}{path}", caller=ADMIN), 404, "standard-not-found")
