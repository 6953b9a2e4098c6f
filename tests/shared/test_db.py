"""The database: wake-ups between processes, and what counts as an outage."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import asyncpg
import pytest
from sqlalchemy import exc, text
from sqlalchemy.engine import make_url

from shared.db import CHANNEL, Database, is_outage
from tests.support.databases import Databases
from tests.support.eventually import eventually

LONG = 3600.0
KILL_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%'
"""


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.fresh("kernel")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url, connections=3) as opened:
        yield opened


async def listening(database: Database) -> None:
    database.listen()

    async def heard() -> bool:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%'"
        return bool(await database.pool.fetchval(query))

    await eventually(heard)


async def test_a_ring_wakes_the_sleepers_of_every_process(url: str, database: Database) -> None:
    async with Database(url) as elsewhere:
        await listening(elsewhere)
        late = elsewhere.wakeup("late")  # asked for after the listener was there
        sleepers = [asyncio.create_task(each.wait(LONG)) for each in (late, late, database.wakeup("late"))]
        await asyncio.sleep(0)
        database.wakeup("late").ring_everywhere()
        await asyncio.gather(*sleepers)


async def test_a_ring_before_the_sleep_is_not_lost(database: Database) -> None:
    wakeup = database.wakeup("early")
    wakeup.ring()
    await wakeup.wait(LONG)


async def test_a_wakeup_wakes_only_its_own(url: str, database: Database) -> None:
    rung: list[str] = []
    async with Database(url) as elsewhere:
        for name in ("one", "other"):
            elsewhere.wakeup(name).on_ring(partial(rung.append, name))
        await listening(elsewhere)
        await elsewhere.wakeup("other").wait(0)
        rung.clear()
        await database.pool.execute("SELECT pg_notify($1, 'nobody')", CHANNEL)
        database.wakeup("other").ring_everywhere()
        await elsewhere.wakeup("other").wait(LONG)
    assert set(rung) == {"other"}


async def test_a_lost_listener_comes_back_and_rings_for_what_it_missed(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.db.RECONNECT_PAUSE", 0.01)
    async with Database(url) as elsewhere:
        await listening(elsewhere)
        wakeup = elsewhere.wakeup("missed")
        await wakeup.wait(0)
        await database.pool.execute(KILL_LISTENERS)
        await wakeup.wait(LONG)
        await listening(elsewhere)


async def test_a_listener_whose_connection_died_without_a_word_comes_back(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RECONNECT_PAUSE": 0.01, "LISTENER_ASKED_EVERY": 0.05, "PING_TIMEOUT": 0.2}.items():
        monkeypatch.setattr(f"shared.db.{name}", value)
    async with wire(url) as (through, silence), Database(through) as elsewhere:
        wakeup = elsewhere.wakeup("missed")
        elsewhere.listen()
        await wakeup.wait(LONG)
        silence()
        await wakeup.wait(LONG)
        database.wakeup("missed").ring_everywhere()
        await wakeup.wait(LONG)


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A URL of the same database over a wire, and what silences those who are connected: nothing comes, nothing is closed."""
    server = make_url(url)
    pouring: list[asyncio.Task[None]] = []
    ends: list[asyncio.StreamWriter] = []

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(server.host, server.port)
        ends.extend((forth, writer))
        pouring.extend(asyncio.create_task(pour(*pair)) for pair in ((reader, forth), (back, writer)))

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while some := await reader.read(4096):
                writer.write(some)
                await writer.drain()
        writer.close()

    def silence() -> None:
        for task in pouring:
            task.cancel()

    listener = await asyncio.start_server(connect, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield server.set(host="127.0.0.1", port=port).render_as_string(hide_password=False), silence
    finally:
        silence()
        listener.close()
        for end in ends:
            end.transport.abort()
        await asyncio.sleep(0)


async def test_statements_that_are_wrong_are_no_outage(database: Database) -> None:
    wrong: tuple[tuple[str, dict[str, object]], ...] = (
        ("SELECT nothing", {}),
        ("SELECT 1 / 0", {}),
        ("SELECT cast(:value as integer)", {"value": 2**63}),
        ("SELECT cast(:value as integer)", {"value": "text"}),
        ("INSERT INTO inbox VALUES (null)", {}),
    )
    for statement, values in wrong:
        async with database.session() as session:
            with pytest.raises(exc.DBAPIError) as failed:
                await session.execute(text(statement), values)
            assert not is_outage(failed.value), statement


async def test_a_connection_that_died_is_an_outage(database: Database) -> None:
    async with database.session() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        await database.pool.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(exc.DBAPIError) as failed:
            await session.execute(text("SELECT 1"))
    assert is_outage(failed.value)


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    with pytest.raises(ConnectionRefusedError) as failed:
        await asyncpg.connect("postgresql://127.0.0.1:1/nowhere")
    assert is_outage(failed.value)


async def test_an_exhausted_pool_is_an_outage_and_not_a_failure(url: str) -> None:
    async with Database(url, connections=1) as small:
        small.engine.pool._timeout = 0.01  # type: ignore[attr-defined]
        async with small.session() as holder, small.session() as waiter:
            await holder.connection()
            with pytest.raises(exc.TimeoutError) as failed:
                await waiter.connection()
    assert is_outage(failed.value)


async def test_ping_is_bounded_when_every_connection_is_taken(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.db.PING_TIMEOUT", 0.05)
    connections = [await database.pool.acquire() for _ in range(3)]
    with pytest.raises(TimeoutError):
        await database.ping()
    for connection in connections:
        await database.pool.release(connection)
    await database.ping()


@pytest.mark.parametrize("ticks", range(6))
async def test_a_sleeper_that_is_cancelled_while_it_is_rung_ends(databases: Databases, ticks: int) -> None:
    async with Database(databases.fresh("kernel")) as database:
        wakeup = database.wakeup("sleepers")

        async def sleep_again_and_again() -> None:
            while True:
                await wakeup.wait(30)

        sleeper = asyncio.create_task(sleep_again_and_again())
        await asyncio.sleep(0.01)
        wakeup.ring()
        for _ in range(ticks):
            await asyncio.sleep(0)
        sleeper.cancel()
        done, _ = await asyncio.wait([sleeper], timeout=5)
        assert done
