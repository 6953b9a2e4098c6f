"""Without an account: nothing is asked while it is quiet, work while it is busy, patience above the limit; never silence."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from services.feedback.challenges.actions import forget_spent_challenges
from shared.auth import ANONYMOUS
from tests.feedback.challenges.conftest import CALLS, OPINIONS
from tests.feedback.challenges.solving import HEADER, proving, solve
from tests.feedback.house import House, admin, key, official, resident
from tests.shared.problems import assert_problem

NEVER_ISSUED = "00000-00000-00000-00000-0"
PUZZLE = {"challenge", "difficulty", "algorithm", "expires_at"}


async def call(house: House, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """The cheapest that anybody can do without an account; 404 is that it was let in."""
    return await house.client.post("/v1/receipts/open", json={"receipt": "NO"}, headers=headers)


async def crowd(house: House, calls: int) -> None:
    """So many calls that were let in, working for it where that was asked."""
    for _ in range(calls):
        answer = await call(house)
        if answer.status_code == 428:
            answer = await call(house, proving(answer.json()))
        assert answer.status_code == 404, answer.text


async def speak(house: House, headers: Mapping[str, str] | None = None, **said: Any) -> httpx.Response:
    return await house.try_submit(caller=ANONYMOUS, protection="anonymous", headers=headers, **said)


def assert_unproven(answer: httpx.Response) -> Any:
    """The puzzle that the refusal carries."""
    assert answer.status_code == 428, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "urn:massline:problem:proof-of-work-required"
    assert told.keys() - PUZZLE == {"type", "title", "status", "detail", "request_id", "errors"}
    return {name: told[name] for name in PUZZLE}


async def test_while_it_is_quiet_nothing_is_asked(house: House) -> None:
    for _ in range(OPINIONS // 2):
        assert (await speak(house)).status_code == 201
    assert (await call(house)).status_code == 404
    assert await house.rows("SELECT FROM spent_challenges") == []


async def test_a_challenge_says_whether_it_is_needed(house: House) -> None:
    quiet = await house.client.post("/v1/challenges")
    assert (quiet.status_code, quiet.json()["required"], quiet.json()["difficulty"]) == (201, False, 16)
    await crowd(house, CALLS // 2)
    busy = (await house.client.post("/v1/challenges")).json()
    assert (busy["required"], busy["difficulty"], busy["algorithm"]) == (True, 16, "sha256")
    assert busy["challenge"] != quiet.json()["challenge"]
    assert busy["expires_at"] == "2026-03-02T09:40:15Z"
    assert (await call(house, proving(busy))).status_code == 404


async def test_when_it_is_busy_a_solved_challenge_is_taken_once(house: House) -> None:
    for _ in range(OPINIONS // 2):
        assert (await speak(house)).status_code == 201
    headers = proving(assert_unproven(await speak(house)))
    assert (await speak(house, headers)).status_code == 201
    assert_unproven(await speak(house, headers))
    assert len(await house.rows("SELECT FROM cases")) == OPINIONS // 2 + 1


async def test_another_nonce_or_another_spelling_does_not_make_it_new(house: House) -> None:
    await crowd(house, CALLS // 2)
    puzzle = assert_unproven(await call(house))
    proof = solve(puzzle["challenge"], puzzle["difficulty"])
    assert (await call(house, {HEADER: proof})).status_code == 404
    challenge = puzzle["challenge"]
    for written in (challenge, challenge[:8] + "!" + challenge[8:], challenge + "=="):
        other = solve(f"{written}:again", puzzle["difficulty"])
        assert_unproven(await call(house, {HEADER: other}))


async def test_what_is_altered_expired_foreign_or_no_proof_at_all_is_refused(house: House) -> None:
    await crowd(house, CALLS // 2)
    puzzle = assert_unproven(await call(house))
    proof = solve(puzzle["challenge"], puzzle["difficulty"])
    easier = "A" + puzzle["challenge"][1:]
    wrong = ["", ":", "no", proof + "0", puzzle["challenge"], solve(easier, 1), solve(puzzle["challenge"][:-2] + "AA", 16)]
    for each in wrong:
        assert_unproven(await call(house, {HEADER: each}))
    house.clock.advance(minutes=10)
    await crowd(house, CALLS // 2)
    assert_unproven(await call(house, {HEADER: proof}))


async def test_a_proof_for_less_work_than_is_asked_by_now_is_refused(house: House) -> None:
    await crowd(house, CALLS // 2)
    early = assert_unproven(await call(house))
    await crowd(house, CALLS // 10)
    later = assert_unproven(await call(house, proving(early)))
    assert later["difficulty"] == early["difficulty"] + 1
    assert (await call(house, proving(later))).status_code == 404


async def test_above_the_limit_one_is_told_when_to_come_again(house: House) -> None:
    await crowd(house, CALLS)
    refused = await call(house)
    assert_problem(refused, 429, "too-many-calls")
    assert refused.headers["retry-after"] == "7"
    assert "in 7 seconds" in refused.json()["detail"]
    house.clock.advance(seconds=7)
    assert_unproven(await call(house))
    house.clock.advance(minutes=1)
    assert (await call(house)).status_code == 404


async def test_a_busy_channel_leaves_the_others_open(house: House) -> None:
    for _ in range(OPINIONS):
        answer = await speak(house)
        assert answer.status_code == 201 or (await speak(house, proving(assert_unproven(answer)))).status_code == 201
    refused = await speak(house, channel="public_opinion")
    assert_problem(refused, 429, "too-many-opinions")
    assert int(refused.headers["retry-after"]) > 0
    asked = assert_unproven(await speak(house, channel="thought"))
    assert asked["difficulty"] == 16, "half of all the calls are used, and nothing of this channel"
    assert (await speak(house, proving(asked), channel="thought")).status_code == 201


async def test_who_is_turned_away_does_not_count_against_the_others(house: House) -> None:
    await crowd(house, CALLS // 2)
    for _ in range(CALLS * 2):
        assert assert_unproven(await call(house))["difficulty"] == 16
    assert (await call(house, proving(assert_unproven(await call(house))))).status_code == 404


async def test_whoever_has_an_account_is_asked_nothing(house: House) -> None:
    await crowd(house, CALLS)
    for caller in (resident(), official("village"), admin()):
        assert (await house.try_submit(caller=caller)).status_code == 201
        assert (await house.try_submit(caller=caller, protection="anonymous")).status_code == 201
        opened = await house.client.post("/v1/receipts/open", caller=caller, json={"receipt": NEVER_ISSUED})
        assert opened.status_code == 404


async def test_every_receipt_route_is_behind_the_turnstile(house: House) -> None:
    await crowd(house, CALLS // 2)
    every = (getattr(route, "path", "") for route in house.service.api.routes)
    paths = sorted({path for path in every if path.startswith("/v1/receipts/")})
    assert len(paths) > 10
    for path in paths:
        assert_unproven(await house.client.post(path.replace("{attachment_id}", NEVER_ISSUED)))


async def test_a_refused_call_leaves_its_key_free(house: House) -> None:
    await crowd(house, CALLS // 2)
    headers = key()
    puzzle = assert_unproven(await speak(house, headers))
    assert (await speak(house, {**headers, **proving(puzzle)})).status_code == 201
    assert len(await house.rows("SELECT FROM cases")) == 1


async def test_what_was_said_wrongly_costs_no_proof(house: House) -> None:
    await crowd(house, CALLS // 2)
    headers = proving(assert_unproven(await speak(house)))
    assert_problem(await speak(house, headers, channel="no such channel"), 422, "invalid-request")
    assert (await speak(house, headers)).status_code == 201


async def test_spent_challenges_tell_the_hour_only_and_are_forgotten(house: House) -> None:
    await crowd(house, CALLS // 2 + 1)
    (row,) = await house.rows("SELECT * FROM spent_challenges")
    assert set(row.keys()) == {"id", "expires_at"}
    assert row["expires_at"].isoformat() == "2026-03-02T10:00:00+00:00"
    for minutes, left in ((29, 1), (1, 0)):
        house.clock.advance(minutes=minutes)
        async with house.service.works.begin() as uow:
            assert await forget_spent_challenges(uow) is False
        assert len(await house.rows("SELECT FROM spent_challenges")) == left


async def test_of_two_at_once_with_one_proof_one_is_let_in(house: House) -> None:
    await crowd(house, CALLS // 2)
    headers = proving(assert_unproven(await call(house)))
    answers = await asyncio.gather(*(call(house, headers) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [404, 428, 428, 428]


async def test_no_line_of_the_log_keeps_when_somebody_came(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    case_id = await house.case()
    await house.do(case_id, "acknowledge", caller=official("village"))
    for answer in (await house.client.post("/v1/challenges"), await call(house), await speak(house)):
        assert answer.status_code in (201, 404)
    logged = [line for line in capsys.readouterr().out.splitlines() if "/v1/" in line]
    assert len(logged) == 1, logged
    assert "acknowledge" in logged[0]
