"""Idempotency-Key: one effect and one answer, per caller and route, kept sealed in the transaction of the effect."""

import asyncio

import httpx
import pytest

from shared.auth import ANONYMOUS, Role
from tests.shared.problems import assert_problem
from tests.shared.toy import Toy, open_toy
from tests.support.callers import principal
from tests.support.clock import ManualClock
from tests.support.databases import Databases

NOTE = {"title": "The lamp is out"}
KEY = {"Idempotency-Key": "3b6f0c9e-only-once"}
RESIDENT = principal(Role.resident)


@pytest.mark.parametrize("caller", [RESIDENT, ANONYMOUS], ids=["resident", "anonymous"])
async def test_the_same_request_again_has_the_first_answer_and_no_second_effect(toy: Toy, caller: object) -> None:
    first = await toy.post("/v1/notes", json=NOTE, headers=KEY, caller=caller)
    again = [await toy.post("/v1/notes", json=NOTE, headers=KEY, caller=caller) for _ in range(3)]
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    for answer in again:
        assert (answer.status_code, answer.content) == (201, first.content)
        assert answer.headers["idempotency-replayed"] == "true"
        assert answer.headers["content-type"] == "application/json"
    assert await toy.titles() == [NOTE["title"]]
    assert len(await toy.column("SELECT id FROM outbox")) == 1


async def test_the_same_key_with_another_body_is_refused(toy: Toy) -> None:
    await toy.post("/v1/notes", json=NOTE, headers=KEY, caller=RESIDENT)
    other = await toy.post("/v1/notes", json={"title": "Another"}, headers=KEY, caller=RESIDENT)
    assert_problem(other, 422, "idempotency-key-reused")
    assert await toy.titles() == [NOTE["title"]]


async def test_several_keys_on_one_request_are_refused(toy: Toy) -> None:
    for second in ("another-key", KEY["Idempotency-Key"]):
        headers = httpx.Headers([*KEY.items(), ("idempotency-key", second)])
        assert_problem(await toy.post("/v1/notes", json=NOTE, headers=headers), 422, "idempotency-key-malformed")
    assert await toy.titles() == []


async def test_while_the_first_is_running_the_second_is_told_so(toy: Toy) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def gate(title: str) -> None:
        reached.set()
        await go_on.wait()

    toy.service.api.state.gate = gate
    first = asyncio.create_task(toy.post("/v1/notes/waits", json=NOTE, headers=KEY, caller=RESIDENT))
    await reached.wait()
    assert_problem(await toy.post("/v1/notes/waits", json=NOTE, headers=KEY, caller=RESIDENT), 409, "request-in-progress")
    go_on.set()
    answer = await first
    assert answer.status_code == 201
    assert (await toy.post("/v1/notes/waits", json=NOTE, headers=KEY, caller=RESIDENT)).content == answer.content
    assert await toy.titles() == [NOTE["title"]]


async def test_twenty_at_once_have_one_effect(toy: Toy) -> None:
    answers = await asyncio.gather(*(toy.post("/v1/notes", json=NOTE, headers=KEY, caller=RESIDENT) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await toy.titles() == [NOTE["title"]]


async def test_a_key_belongs_to_its_caller_and_its_route(toy: Toy) -> None:
    for caller in (RESIDENT, principal(Role.resident), ANONYMOUS):
        assert (await toy.post("/v1/notes", json=NOTE, headers=KEY, caller=caller)).status_code == 201
    assert (await toy.post("/v1/notes/waits", json=NOTE, headers=KEY, caller=RESIDENT)).status_code == 201
    assert len(await toy.titles()) == 4


@pytest.mark.parametrize("route", ["crashes", "broken-pair", "refuses/conflict"])
async def test_a_request_that_fails_leaves_no_key_and_may_be_tried_again(toy: Toy, route: str) -> None:
    for _ in range(2):
        assert (await toy.post(f"/v1/notes/{route}", json=NOTE, headers=KEY, caller=RESIDENT)).status_code >= 400
    assert await toy.column("SELECT id FROM idempotency_keys") == []
    assert await toy.titles() == []


async def test_a_request_that_is_cut_off_leaves_no_key(toy: Toy) -> None:
    reached = asyncio.Event()

    async def gate(title: str) -> None:
        reached.set()
        await asyncio.Event().wait()

    toy.service.api.state.gate = gate
    cut = asyncio.create_task(toy.post("/v1/notes/waits", json=NOTE, headers=KEY, caller=RESIDENT))
    await reached.wait()
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    assert await toy.column("SELECT id FROM idempotency_keys") == []
    toy.service.api.state.gate = _pass
    assert (await toy.post("/v1/notes/waits", json=NOTE, headers=KEY, caller=RESIDENT)).status_code == 201
    assert await toy.titles() == [NOTE["title"]]


async def _pass(title: str) -> None:
    return None


async def test_what_is_kept_shows_neither_answer_nor_key_nor_caller(toy: Toy) -> None:
    answer = await toy.post("/v1/notes", json=NOTE, headers=KEY, caller=RESIDENT)
    row = await toy.service.database.pool.fetchrow("SELECT * FROM idempotency_keys")
    assert row is not None
    stored = b"".join(value for value in row.values() if isinstance(value, bytes))
    for secret in (NOTE["title"], answer.json()["id"], KEY["Idempotency-Key"], str(RESIDENT.account_id)):
        assert secret.encode() not in stored
    assert RESIDENT.account is not None
    assert RESIDENT.account.bytes not in stored


async def test_an_anonymous_key_keeps_no_finer_time_than_the_hour(databases: Databases, clock: ManualClock) -> None:
    async with open_toy(databases.fresh("kernel"), clock=clock) as toy:
        await toy.post("/v1/notes", json=NOTE, headers=KEY)
        (created,) = await toy.column("SELECT created_at FROM idempotency_keys")
    assert created == clock().replace(minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\tb", "\x7f"])
async def test_a_malformed_key_is_refused(toy: Toy, key: str) -> None:
    answer = await toy.post("/v1/notes", json=NOTE, headers={"Idempotency-Key": key.encode("latin-1")})
    assert_problem(answer, 422, "idempotency-key-malformed")
    assert await toy.titles() == []


async def test_a_stranger_without_credential_learns_nothing_from_a_key(toy: Toy) -> None:
    await toy.post("/v1/notes", json=NOTE, headers=KEY)
    assert_problem(await toy.http.post("/v1/notes", json=NOTE, headers=KEY), 401, "credential-required")


async def test_an_asking_post_keeps_nothing(toy: Toy) -> None:
    first = await toy.post("/v1/questions", json=NOTE, headers=KEY)
    second = await toy.post("/v1/questions", json=NOTE, headers=KEY)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["id"] != second.json()["id"]
    assert await toy.column("SELECT id FROM idempotency_keys") == []
