"""The write path under concurrency: batches, keys, culprits, clients that go away, and the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.group_commit import GroupCommit
from tests.feedback.house import House, key
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.eventually import eventually


@asynccontextmanager
async def held(house: House, table: str) -> AsyncIterator[None]:
    """Nothing can be written to `table` inside the block."""
    connection = await asyncpg.connect(house.service.database.dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield
    finally:
        await connection.close()


async def waiting(house: House) -> bool:
    return bool(
        await house.rows("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    )


async def count(house: House, table: str) -> int:
    (row,) = await house.rows(f"SELECT count(*) FROM {table}")
    return int(row["count"])


async def test_fifty_at_once_with_one_key_make_one_case(house: House) -> None:
    headers = key()
    answers = await asyncio.gather(*(house.try_submit(headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await count(house, "cases") == await count(house, "opinions") == 1
    assert await count(house, "outbox") == 2


async def test_neighbours_with_one_key_and_two_bodies(house: House) -> None:
    """Both wait in the same batch: one is written, the other is told that the key was used."""
    headers = key()
    async with held(house, "cases"):
        leading = asyncio.create_task(house.try_submit())
        await eventually(lambda: waiting(house))
        pair = [asyncio.create_task(house.try_submit(headers=headers, title=title)) for title in ("One", "Other")]
        await asyncio.sleep(0)
    assert (await leading).status_code == 201
    assert sorted([(await answer).status_code for answer in pair]) == [201, 422]
    assert await count(house, "cases") == 2


async def test_two_hundred_at_once_make_two_hundred_cases(house: House) -> None:
    filed = await asyncio.gather(*(house.submit(headers=key(), title=f"Lamp {number}") for number in range(200)))
    assert len({each["case_id"] for each in filed}) == 200
    rows = await house.rows("SELECT id, title, opinion_id FROM cases")
    titles = {str(row["id"]): (row["title"], str(row["opinion_id"])) for row in rows}
    assert titles == {each["case_id"]: (f"Lamp {number}", each["id"]) for number, each in enumerate(filed)}
    assert await count(house, "case_clocks") == 600
    assert await count(house, "outbox") == 400


async def test_two_processes_with_one_key_make_one_case(house: House, database_url: str, clock: ManualClock) -> None:
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        neighbour = House(other, ServiceClient(other), clock, house.speaker)
        keys = [key() for _ in range(20)]
        pairs = await asyncio.gather(*(one.submit(headers=headers) for headers in keys for one in (house, neighbour)))
    assert len({each["case_id"] for each in pairs}) == 20
    assert await count(house, "cases") == 20


async def test_one_that_cannot_be_written_harms_no_other(house: House) -> None:
    await house.rows("ALTER TABLE cases ADD CONSTRAINT no_culprits CHECK (title <> 'Culprit')")
    titles = [*(f"Lamp {number}" for number in range(10)), "Culprit", *(f"Lamp {number}" for number in range(10, 20))]
    answers = await asyncio.gather(*(house.try_submit(title=title, headers=key()) for title in titles))
    assert [answer.status_code for answer in answers] == [201] * 10 + [500] + [201] * 10
    assert await count(house, "cases") == 20
    assert await count(house, "idempotency_keys") == 20


async def test_a_client_that_goes_away_loses_and_doubles_nothing(house: House) -> None:
    headers = key()
    async with held(house, "cases"):
        first = asyncio.create_task(house.try_submit(headers=headers))
        await eventually(lambda: waiting(house))
        gone = asyncio.create_task(house.try_submit(title="Gone"))
        staying = asyncio.create_task(house.try_submit(title="Staying"))
        await asyncio.sleep(0.05)
        first.cancel()
        gone.cancel()
        left = await asyncio.gather(first, gone, return_exceptions=True)
        assert [type(each) for each in left] == [asyncio.CancelledError] * 2
    assert (await staying).status_code == 201
    again = await house.try_submit(headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    titles = [row["title"] for row in await house.rows("SELECT title FROM cases ORDER BY title")]
    assert titles == ["Gone", "Staying", "The lamp is broken"]


async def test_what_was_accepted_is_written_before_the_service_closes(
    database_url: str, house: House, clock: ManualClock
) -> None:
    service = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    closing = asyncio.Event()

    async def live() -> None:
        async with service.open():
            leaving = asyncio.create_task(House(service, ServiceClient(service), clock).try_submit())
            await eventually(lambda: waiting(house))
            leaving.cancel()
            closing.set()

    async with held(house, "cases"):
        living = asyncio.create_task(live())
        await closing.wait()
    await living
    assert await count(house, "cases") == 1


async def test_a_database_that_is_away_is_told_as_such_and_comes_back(house: House) -> None:
    await house.submit()
    database = house.service.database
    there, database.dsn = database.dsn, "postgresql://127.0.0.1:1/away"
    await drop_connections(there)
    answers = await asyncio.gather(*(house.try_submit() for _ in range(5)))
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["type"] for answer in answers} == {"urn:massline:problem:database-unavailable"}
    database.dsn = there
    await house.submit()
    assert await count(house, "cases") == 2


async def drop_connections(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    mine = "pid <> pg_backend_pid() AND datname = current_database()"
    await connection.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {mine}")
    await connection.close()


class TestGroupCommit:
    """The batching by itself."""

    @staticmethod
    def commits(write: Callable[[Sequence[int]], Awaitable[Sequence[Any]]], most: int = 200) -> GroupCommit[int, int]:
        return GroupCommit(write, most=most)

    async def test_batches_gather_while_one_is_written_and_stay_bounded(self) -> None:
        batches: list[list[int]] = []

        async def write(items: Sequence[int]) -> Sequence[int]:
            batches.append(list(items))
            await asyncio.sleep(0)
            return [item * 2 for item in items]

        commits = self.commits(write, most=4)
        assert await asyncio.gather(*(commits.add(number) for number in range(11))) == [number * 2 for number in range(11)]
        assert [number for batch in batches for number in batch] == list(range(11))
        assert max(len(batch) for batch in batches) == 4

    async def test_members_of_a_failed_batch_are_tried_alone(self) -> None:
        async def write(items: Sequence[int]) -> Sequence[int]:
            if 3 in items:
                raise ValueError("three")
            return items

        commits = self.commits(write)
        results = await asyncio.gather(*(commits.add(number) for number in range(6)), return_exceptions=True)
        assert [result if isinstance(result, int) else str(result) for result in results] == [0, 1, 2, "three", 4, 5]

    async def test_an_outage_is_everybodys_at_once(self) -> None:
        tries: list[int] = []

        async def write(items: Sequence[int]) -> Sequence[int]:
            tries.append(len(items))
            raise ConnectionResetError

        commits = self.commits(write)
        results = await asyncio.gather(*(commits.add(number) for number in range(6)), return_exceptions=True)
        assert all(isinstance(result, ConnectionResetError) for result in results)
        assert tries == [6]

    async def test_a_members_own_error_is_its_own(self) -> None:
        async def write(items: Sequence[int]) -> Sequence[int | Exception]:
            return [KeyError("mine") if item == 1 else item for item in items]

        commits = self.commits(write)
        results = await asyncio.gather(*(commits.add(number) for number in range(3)), return_exceptions=True)
        assert results[0] == 0
        assert isinstance(results[1], KeyError)
        assert results[2] == 2

    async def test_drain_waits_for_what_nobody_waits_for_any_more(self) -> None:
        written: list[int] = []
        release = asyncio.Event()

        async def write(items: Sequence[int]) -> Sequence[int]:
            await release.wait()
            written.extend(items)
            return items

        commits = self.commits(write)
        adding = asyncio.create_task(commits.add(7))
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        release.set()
        await commits.drain()
        assert written == [7]
