import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Role
from shared.events.assessment import UnitRegistered
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

ROOT = {"code": "north", "name": "北方 Province", "level": "province", "parent_id": None}


async def test_register_unit_below_another(office: Office) -> None:
    root = await office.post("/v1/units", ROOT)
    assert root == {**ROOT, "id": root["id"], "path": "north"}
    leaf = await office.register_unit("village", "grassroots", root)
    assert leaf["path"] == "north/village"
    assert await office.get(f"/v1/units/{leaf['id']}") == leaf


async def test_register_unit_tells_and_knows_it_at_once(office: Office) -> None:
    root = await office.post("/v1/units", ROOT)
    known = await office.service.units.require(UUID(root["id"]))
    assert (known.code, known.path) == ("north", "north")
    [event] = await office.recorded(UnitRegistered)
    assert event.model_dump(mode="json") == {
        "unit_id": root["id"], "parent_id": None, "code": "north", "name": "北方 Province",
        "level": "province", "path": "north", "version": 1,
    }  # fmt: skip


async def test_register_unit_any_root_level(office: Office) -> None:
    assert (await office.register_unit("alone", "township"))["path"] == "alone"


async def test_register_unit_refusals(office: Office) -> None:
    county = await office.register_unit("mid", "county")
    same = {"code": "same", "name": "Same", "level": "county", "parent_id": county["id"]}
    assert_problem(await office.client.post("/v1/units", caller=ADMIN, json=same), 422, "level-not-below-parent")
    orphan = {**same, "level": "township", "parent_id": str(uuid4())}
    assert_problem(await office.client.post("/v1/units", caller=ADMIN, json=orphan), 404, "unit-not-found")
    twin = {**same, "code": "mid", "parent_id": None}
    assert_problem(await office.client.post("/v1/units", caller=ADMIN, json=twin), 409, "unit-code-taken")
    assert len(await office.recorded(UnitRegistered)) == 1


async def test_register_unit_equal_codes_at_once(office: Office) -> None:
    answers = await asyncio.gather(*(office.client.post("/v1/units", caller=ADMIN, json=ROOT) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert len(await office.recorded(UnitRegistered)) == 1


@pytest.mark.parametrize("role", [Role.resident, Role.official, Role.lead, Role.inspector])
async def test_register_unit_is_the_administrators(office: Office, role: Role) -> None:
    assert_problem(await office.client.post("/v1/units", caller=principal(role), json=ROOT), 403, "role-not-allowed")
    assert (await office.get("/v1/units", principal(role)))["items"] == []


@pytest.mark.parametrize("path", ["/v1/units", "/v1/units/018f4e9c-0000-7000-8000-000000000000"])
async def test_units_need_an_account(office: Office, path: str) -> None:
    assert_problem(await office.client.get(path, caller=ANONYMOUS), 401, "authentication-required")
    assert_problem(await office.client.post("/v1/units", caller=ANONYMOUS, json=ROOT), 401, "authentication-required")


async def test_list_units_pages_and_filters(office: Office) -> None:
    root = await office.register_unit("root", "province")
    children = [await office.register_unit(f"child-{number}", "county", root) for number in range(5)]
    seen: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await office.get("/v1/units", limit=2, **cursor)
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [root, *children]
    assert (await office.get("/v1/units", parent_id=root["id"]))["items"] == children
    assert (await office.get("/v1/units", level="province"))["items"] == [root]
    assert (await office.get("/v1/units", code="child-3"))["items"] == [children[3]]


HOSTILE_BODIES = [
    b'{"code": "a", "name": "x\\u0000y", "level": "county", "parent_id": null}',
    b'{"code": "a", "name": "\\ud800", "level": "county", "parent_id": null}',
    b'{"code": "a", "name": "\xff", "level": "county", "parent_id": null}',
    b'{"code": "a", "name": "x", "level": "galaxy", "parent_id": null}',
    b'{"code": "a", "name": "x", "level": "county", "parent_id": "1"}',
    b'{"code": "a", "name": "x", "level": "county", "parent_id": ' + b"9" * 5000 + b"}",
    b'{"code": "a", "name": "x", "level": "county", "parent_id": null, "path": "b/a"}',
    b'{"code": "a", "name": "x", "level": "county"}',
    b'{"code": "a/b", "name": "x", "level": "county", "parent_id": null}',
    b'{"code": "\xc3\xa9", "name": "x", "level": "county", "parent_id": null}',
    b'{"code": "' + b"a" * 64 + b'", "name": "x", "level": "county", "parent_id": null}',
    b'{"code": "a", "name": "' + b"x" * 201 + b'", "level": "county", "parent_id": null}',
    b'{"code": NaN, "name": 1e999, "level": "county", "parent_id": null}',
    b"[" * 20_000,
    b"null",
    b"",
]


@pytest.mark.parametrize("body", HOSTILE_BODIES, ids=range(len(HOSTILE_BODIES)))
async def test_register_unit_hostile_input(office: Office, body: bytes) -> None:
    answer = await office.client.post("/v1/units", caller=ADMIN, content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("path", ["/v1/units", "/v1/standards", "/v1/campaigns", "/v1/public/scoreboard"])
async def test_lists_hostile_input(office: Office, path: str) -> None:
    for query in HOSTILE_QUERIES:
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)


@pytest.mark.parametrize("query", [{"parent_id": "1"}, {"level": "x"}, {"code": "\x00"}, {"code": "Ä"}])
async def test_list_units_hostile_filters(office: Office, query: dict[str, str]) -> None:
    assert_problem(await office.client.get("/v1/units", caller=ADMIN, params=query), 422)


async def test_get_unit_unknown(office: Office) -> None:
    assert_problem(await office.client.get(f"/v1/units/{uuid4()}", caller=ADMIN), 404, "unit-not-found")
    assert_problem(await office.client.get("/v1/units/17", caller=ADMIN), 422, "invalid-request")
