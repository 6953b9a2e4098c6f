import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select

from shared.auth import Role
from shared.outbox import outbox
from tests.gateway.support import ADMIN_PASSWORD, Gateway, assert_problem, open_gateway
from tests.support.clock import ManualClock

PASSWORD = "a good long password"


async def told(gateway: Gateway) -> list[str]:
    async with gateway.service.database.session() as session:
        return list((await session.scalars(select(outbox.c.data))).all())


async def create(gateway: Gateway, **changes: object) -> dict[str, str]:
    body = {"username": "somebody", "password": PASSWORD, "role": "resident", **changes}
    answer = await gateway.admin("POST", "/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def test_create_account_sign_in_and_me(gateway: Gateway) -> None:
    unit_id = await gateway.unit()
    made = await create(gateway, username="Officer.7", role="official", unit_id=str(unit_id))
    assert made | {"id": "", "created_at": ""} == {
        "id": "",
        "username": "officer.7",
        "role": "official",
        "unit_id": str(unit_id),
        "created_at": "",
    }
    answer = await gateway.http.post("/v1/auth/token", data={"username": "OFFICER.7", "password": PASSWORD})
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
    me = await gateway.http.get("/v1/me", headers={"authorization": f"bearer {token['access_token']}"})
    assert me.json() == made


async def test_create_account_tells_of_staff_and_never_of_residents(gateway: Gateway) -> None:
    await create(gateway, username="a-resident")
    inspector = await create(gateway, username="an-inspector", role="inspector")
    (event,) = await told(gateway)
    assert inspector["id"] in event
    assert "an-inspector" not in event


async def test_create_account_of_two_at_once_with_one_name_makes_one(gateway: Gateway) -> None:
    body = {"username": "wanted", "password": PASSWORD, "role": "resident"}
    answers = await asyncio.gather(*(gateway.admin("POST", "/v1/accounts", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert_problem(next(a for a in answers if a.status_code == 409), 409, "username-taken")


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"role": "official"}, 422, "unit-required"),
        ({"role": "lead", "unit_id": str(uuid4())}, 404, "unit-not-found"),
        ({"role": "anonymous"}, 422, "invalid-request"),
        ({"username": "no"}, 422, "invalid-request"),
        ({"username": "nul\x00nul"}, 422, "invalid-request"),
        ({"username": 7}, 422, "invalid-request"),
        ({"password": "short"}, 422, "invalid-request"),
        ({"password": "x" * 129}, 422, "invalid-request"),
        ({"password": "nul\x00 in the middle"}, 422, "invalid-request"),
        ({"unit_id": "not-an-id"}, 422, "invalid-request"),
        ({"surprise": 1}, 422, "invalid-request"),
    ],
)
async def test_create_account_refuses_what_does_not_fit(
    gateway: Gateway, changes: dict[str, object], status: int, slug: str
) -> None:
    body = {"username": "somebody", "password": PASSWORD, "role": "resident", **changes}
    assert_problem(await gateway.admin("POST", "/v1/accounts", json=body), status, slug)


@pytest.mark.parametrize(
    "content", [b'{"username":"\\ud800abc","password":"12345678","role":"resident"}', b"\xff\xfe", b"[" * 50_000]
)
async def test_create_account_survives_hostile_json(gateway: Gateway, content: bytes) -> None:
    answer = await gateway.admin("POST", "/v1/accounts", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.admin, Role.anonymous)])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/accounts"), ("GET", "/v1/accounts"), ("GET", "/v1/webhooks")])
async def test_accounts_and_webhooks_are_for_administrators(gateway: Gateway, role: Role, method: str, path: str) -> None:
    assert_problem(await gateway.call(method, path, role=role, json={}), 403, "role-not-allowed")
    assert_problem(await gateway.call(method, path, json={}), 401, "authentication-required")


async def test_list_accounts_pages_through_all_of_them(gateway: Gateway) -> None:
    names = [f"number-{n}" for n in range(3)]
    for name in names:
        await create(gateway, username=name)
    first = (await gateway.admin("GET", "/v1/accounts?limit=2")).json()
    rest = (await gateway.admin("GET", f"/v1/accounts?limit=2&cursor={first['next_cursor']}")).json()
    assert [account["username"] for account in first["items"] + rest["items"]] == names
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=-1", "limit=0", "limit=99999999999999999999", "cursor=%00", "cursor=é", "limit=NaN"])
async def test_list_accounts_refuses_bad_pages(gateway: Gateway, query: str) -> None:
    answer = await gateway.admin("GET", f"/v1/accounts?{query}")
    assert answer.status_code == 422, answer.text


async def test_sign_in_answers_unknown_names_and_wrong_passwords_alike(gateway: Gateway) -> None:
    await create(gateway, username="known-name")
    known = await gateway.http.post("/v1/auth/token", data={"username": "known-name", "password": "wrong password"})
    unknown = await gateway.http.post("/v1/auth/token", data={"username": "other-name", "password": "wrong password"})
    assert_problem(known, 401, "wrong-credentials")
    assert known.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    assert known.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["known-name", "other-name"])
async def test_sign_in_makes_a_guesser_wait(gateway: Gateway, clock: ManualClock, name: str) -> None:
    await create(gateway, username="known-name")
    wrong = {"username": name, "password": "wrong password"}
    for _ in range(5):
        assert_problem(await gateway.http.post("/v1/auth/token", data=wrong), 401, "wrong-credentials")
    refused = await gateway.http.post("/v1/auth/token", data={**wrong, "password": PASSWORD})
    assert_problem(refused, 429, "too-many-attempts")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    clock.advance(seconds=int(refused.headers["retry-after"]))
    answer = await gateway.http.post("/v1/auth/token", data={**wrong, "password": PASSWORD})
    assert answer.status_code == (200 if name == "known-name" else 401)


async def test_sign_in_lets_few_of_many_guesses_at_once_through(gateway: Gateway) -> None:
    wrong = {"username": "admin", "password": "wrong password"}
    answers = await asyncio.gather(*(gateway.http.post("/v1/auth/token", data=wrong) for _ in range(20)))
    assert sum(answer.status_code == 401 for answer in answers) <= 6
    assert sum(answer.status_code == 429 for answer in answers) >= 14


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"username=admin", 422),
        (b"username=%00&password=%00", 401),
        (b"username=%FF%FE&password=%ED%A0%80", 401),
        (b"username=a&password=b&grant_type=client_credentials", 422),
        (b"username=" + b"x" * 300 + b"&password=b", 422),
    ],
)
async def test_sign_in_survives_hostile_forms(gateway: Gateway, content: bytes, status: int) -> None:
    answer = await gateway.http.post(
        "/v1/auth/token", content=content, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_expires(gateway: Gateway, clock: ManualClock) -> None:
    bearer = {"authorization": f"Bearer {gateway.token(Role.admin)}"}
    assert (await gateway.http.get("/v1/accounts", headers=bearer)).status_code == 200
    clock.advance(seconds=3601)
    assert_problem(await gateway.http.get("/v1/accounts", headers=bearer), 401, "invalid-token")
    renewed = await gateway.http.post("/v1/auth/token", data={"username": "nobody", "password": "x"}, headers=bearer)
    assert_problem(renewed, 401, "wrong-credentials")


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Basic YWRtaW46eA==", "Bearer a.b.c", "Bearer é", "x" * 5000, ""])
async def test_a_bad_token_is_refused_everywhere(gateway: Gateway, value: str) -> None:
    assert_problem(await gateway.http.get("/v1/me", headers={b"authorization": value.encode()}), 401, "invalid-token")


async def test_the_first_administrator_is_made_once(database: str, clock: ManualClock) -> None:
    environment = {"MASSLINE_GATEWAY_ADMIN_PASSWORD": ADMIN_PASSWORD}
    async with (
        open_gateway(database, clock, upstreams={}, **environment) as one,
        open_gateway(database, clock, upstreams={}, MASSLINE_GATEWAY_ADMIN_PASSWORD="another password") as two,
    ):
        for gateway in (one, two):
            answer = await gateway.http.post("/v1/auth/token", data={"username": "admin", "password": ADMIN_PASSWORD})
            assert answer.status_code == 200, answer.text
        assert len((await one.admin("GET", "/v1/accounts")).json()["items"]) == 1
        assert len(await told(one)) == 1


async def test_without_a_password_there_is_no_administrator(gateway: Gateway) -> None:
    assert (await gateway.admin("GET", "/v1/accounts")).json()["items"] == []
