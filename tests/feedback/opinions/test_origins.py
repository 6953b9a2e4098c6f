"""A record of another system comes in once, whoever sends it again, under whichever key, at the same time or years later."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from services.feedback.app import create_service
from services.feedback.opinions.intake import Intake
from services.feedback.settings import FeedbackSettings
from shared import idempotency
from tests.feedback.house import House, admin, key
from tests.feedback.opinions.test_intake import count, held, waiting
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.eventually import eventually

BOSS = admin()
IN_ALREADY = (409, "urn:massline:problem:origin-already-imported")


def record(number: int = 1) -> dict[str, Any]:
    return {"system": "nyc311", "reference": f"4070{number}", "reported_at": "2019-01-01T08:00:00-05:00"}


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "")


async def batched(house: House, *sendings: dict[str, Any]) -> list[httpx.Response]:
    """Sent so that they are written in one batch, behind one that is being written."""
    async with held(house, "cases"):
        leading = asyncio.create_task(house.try_submit())
        await eventually(lambda: waiting(house))
        tasks = [asyncio.create_task(house.try_submit(**sending)) for sending in sendings]
        await eventually(lambda: gathered(house, len(sendings)))
    assert (await leading).status_code == 201
    return [await task for task in tasks]


async def gathered(house: House, filings: int) -> bool:
    intake: Intake = house.service.api.state.counter.intake
    return len(intake._commits._waiting) == filings


async def tables(house: House) -> dict[str, int]:
    names = ("cases", "opinions", "case_clocks", "outbox", "idempotency_keys")
    return {name: await count(house, name) for name in names}


def holding(cases: int, *, keys: int) -> dict[str, int]:
    return {"cases": cases, "opinions": cases, "case_clocks": 3 * cases, "outbox": 2 * cases, "idempotency_keys": keys}


async def test_thirty_at_once_with_different_keys_make_one_case(house: House) -> None:
    answers = await asyncio.gather(*(house.try_submit(caller=BOSS, origin=record(), headers=key()) for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 29
    assert {told(answer) for answer in answers if answer.status_code == 409} == {IN_ALREADY}
    assert await tables(house) == holding(1, keys=1)


async def test_thirty_at_once_without_keys_make_one_case(house: House) -> None:
    answers = await asyncio.gather(*(house.try_submit(caller=BOSS, origin=record()) for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 29
    assert await tables(house) == holding(1, keys=0)


async def test_a_duplicate_is_refused_alone_in_its_batch(house: House) -> None:
    """One transaction for all of them: the others are neither undone nor written one by one."""
    await house.submit(caller=BOSS, origin=record(1))
    answers = await batched(
        house,
        {"headers": key(), "title": "A resident's"},
        {"caller": BOSS, "origin": record(1), "headers": key()},
        {"caller": BOSS, "origin": record(2), "headers": key()},
        {"caller": BOSS, "origin": record(2), "headers": key()},
        {"caller": BOSS, "origin": record(3), "headers": key()},
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409, 409]
    assert [answers[position].status_code for position in (0, 1, 4)] == [201, 409, 201]
    assert await tables(house) == holding(5, keys=3)
    transactions = await house.rows("SELECT DISTINCT xmin::text FROM cases")
    assert len(transactions) == 3


async def test_a_duplicate_leaves_its_key_free(house: House) -> None:
    """A kept answer would be a 201 for an opinion that was never written."""
    await house.submit(caller=BOSS, origin=record(), headers=key())
    headers = key()
    for _ in range(2):
        assert told(await house.try_submit(caller=BOSS, origin=record(), headers=headers)) == IN_ALREADY
    answer = await house.try_submit(caller=BOSS, origin=record(2), headers=headers)
    assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, False)


async def test_neighbours_with_one_key_are_all_refused(house: House) -> None:
    await house.submit(caller=BOSS, origin=record())
    again = {"caller": BOSS, "origin": record(), "headers": key()}
    assert [told(answer) for answer in await batched(house, again, again, again)] == [IN_ALREADY] * 3
    assert await tables(house) == holding(2, keys=0)


async def test_the_same_request_again_is_replayed_as_long_as_its_key_is_kept(house: House) -> None:
    headers = key()
    first = await house.try_submit(caller=BOSS, origin=record(), headers=headers)
    again = await house.try_submit(caller=BOSS, origin=record(), headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_same_request_again_is_refused_once_its_key_is_forgotten(house: House) -> None:
    headers = key()
    await house.submit(caller=BOSS, origin=record(), headers=headers)
    later = house.clock.advance(days=400)
    async with house.service.works.begin() as uow:
        await idempotency.forget_old(uow.session, now=later + timedelta(hours=1))
    assert told(await house.try_submit(caller=BOSS, origin=record(), headers=headers)) == IN_ALREADY
    assert await tables(house) == holding(1, keys=0)


async def test_two_processes_import_each_record_once(house: House, database_url: str, clock: ManualClock) -> None:
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        neighbour = House(other, ServiceClient(other), clock)
        forwards, backwards = range(40), range(39, -1, -1)
        sent = [one.try_submit(caller=BOSS, origin=record(n), headers=key()) for one in (house, neighbour) for n in forwards]
        sent += [neighbour.try_submit(caller=BOSS, origin=record(n), headers=key()) for n in backwards]
        answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] * 40 + [409] * 80
    assert await tables(house) == holding(40, keys=40)


async def test_two_processes_with_one_key_and_one_record(house: House, database_url: str, clock: ManualClock) -> None:
    """The record is in: neither may find the other's answer kept, though each takes the key for a moment."""
    await house.submit(caller=BOSS, origin=record())
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        neighbour = House(other, ServiceClient(other), clock)
        headers = [key() for _ in range(20)]
        sent = [one.try_submit(caller=BOSS, origin=record(), headers=each) for each in headers for one in (house, neighbour)]
        answers = await asyncio.gather(*sent)
    assert {told(answer) for answer in answers} == {IN_ALREADY}
    assert await tables(house) == holding(1, keys=0)
