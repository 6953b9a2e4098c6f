import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Role
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.support.callers import principal

BASIC = {"code": "basic", "name": "Basic"}


async def test_adopt_standard_defaults(office: Office) -> None:
    standard = await office.post("/v1/standards", BASIC)
    assert standard == {
        **BASIC,
        "id": standard["id"],
        "version": 1,
        "level": None,
        "weights": {"response": 10, "resolution": 45, "satisfaction": 45},
        "bands": {"qualified": 0.6, "excellent": 0.85},
        "minimum_sample": 5,
        "created_at": standard["created_at"],
    }
    assert await office.get(f"/v1/standards/{standard['id']}", principal(Role.resident)) == standard


async def test_adopt_standard_next_version_leaves_the_old_one(office: Office) -> None:
    first = await office.adopt_standard()
    weights = {"response": 20, "resolution": 40, "satisfaction": 40}
    second = await office.adopt_standard(weights=weights, bands={"qualified": 0.5, "excellent": 0.9}, level="township")
    assert (second["version"], second["weights"], second["level"]) == (2, weights, "township")
    assert second["bands"] == {"qualified": 0.5, "excellent": 0.9}
    other = await office.adopt_standard("other")
    assert other["version"] == 1
    page = await office.get("/v1/standards", limit=2)
    rest = await office.get("/v1/standards", cursor=page["next_cursor"])
    assert page["items"] + rest["items"] == [first, second, other]


async def test_adopt_standard_versions_at_once(office: Office) -> None:
    adopted = await asyncio.gather(*(office.adopt_standard() for _ in range(5)))
    assert sorted(standard["version"] for standard in adopted) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"weights": {"response": 10, "resolution": 45, "satisfaction": 44}}, "weights-not-100"),
        ({"bands": {"qualified": 0.9, "excellent": 0.85}}, "bands-not-rising"),
        ({"bands": {"qualified": 0.6, "excellent": 1.01}}, "invalid-request"),
        ({"bands": {"qualified": 0, "excellent": 0.5}}, "invalid-request"),
        ({"bands": {"qualified": 0.605, "excellent": 0.9}}, "invalid-request"),
        ({"weights": {"response": -10, "resolution": 65, "satisfaction": 45}}, "invalid-request"),
        ({"weights": {"response": 10.5, "resolution": 44.5, "satisfaction": 45}}, "invalid-request"),
        ({"weights": {"response": 2**63}}, "invalid-request"),
        ({"weights": {"faith": 100}}, "invalid-request"),
        ({"minimum_sample": 0}, "invalid-request"),
        ({"minimum_sample": 2**63}, "invalid-request"),
        ({"level": "galaxy"}, "invalid-request"),
        ({"name": "a\x00b"}, "invalid-request"),
        ({"version": 7}, "invalid-request"),
    ],
)
async def test_adopt_standard_refusals(office: Office, fields: dict[str, Any], slug: str) -> None:
    answer = await office.client.post("/v1/standards", caller=ADMIN, json={**BASIC, **fields})
    assert_problem(answer, 422, slug)


@pytest.mark.parametrize(
    "fields",
    [b'"minimum_sample": NaN', b'"bands": {"qualified": NaN}', b'"bands": {"excellent": 1e999}',
     b'"bands": {"excellent": -Infinity}',
     b'"minimum_sample": ' + b"9" * 5000, b'"weights": ' + b"[" * 5000],
)  # fmt: skip
async def test_adopt_standard_hostile_numbers(office: Office, fields: bytes) -> None:
    body = b'{"code": "basic", "name": "Basic", ' + fields + b"}"
    headers = {"content-type": "application/json"}
    answer = await office.client.post("/v1/standards", caller=ADMIN, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("role", [Role.resident, Role.official, Role.lead, Role.inspector])
async def test_adopt_standard_is_the_administrators(office: Office, role: Role) -> None:
    assert_problem(await office.client.post("/v1/standards", caller=principal(role), json=BASIC), 403, "role-not-allowed")


async def test_standards_need_an_account(office: Office) -> None:
    for path in ("/v1/standards", f"/v1/standards/{uuid4()}"):
        assert_problem(await office.client.get(path, caller=ANONYMOUS), 401)
    assert_problem(await office.client.post("/v1/standards", caller=ANONYMOUS, json=BASIC), 401)


async def test_get_standard_unknown(office: Office) -> None:
    assert_problem(await office.client.get(f"/v1/standards/{uuid4()}", caller=ADMIN), 404, "standard-not-found")
