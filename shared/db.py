"""PostgreSQL: one database per service, an engine for the ORM, a raw pool for the hot paths, and wake-ups between processes."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import asyncpg
import msgspec
import structlog
from sqlalchemy import LargeBinary, MetaData, Table, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode

kernel_metadata = MetaData()
"""The kernel's own tables (outbox, inbox, parked events, idempotency, known units): the same in every service's database."""

CHANNEL = "massline"
"""One channel carries every wake-up, its name as the payload: a wake-up first asked for late is heard like the others."""

BEGUN = select(literal(1))
"""SQLAlchemy begins the transaction with its own first statement, not with one that is given to the driver."""

NOTIFY_PAUSE = 0.01
RECONNECT_PAUSE = 1.0
LISTENER_ASKED_EVERY = 30.0
PING_TIMEOUT = 2.0

SEARCHES = 4
"""Searches that run at once: they keep the processors busy, not the disks."""
PLANNED_FOR_VALUES = {
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
"""For searches, whose best plan depends on what is asked for. They look for a page: neither whole tables
nor joins that read one side to its end are the way, and to start helpers takes longer than it."""


class DatabaseUnreachable(OSError):
    """No session can be opened there; the message says where, why, and which setting to look at."""


@contextmanager
def connecting(dsn: str) -> Iterator[None]:
    """For the first connection to a server. Raises `DatabaseUnreachable`."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        place = make_url(dsn).set(password=None).render_as_string()
        raise DatabaseUnreachable(f"no PostgreSQL to use at {place}, see MASSLINE_DATABASE_URL: {error}") from error


AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    PoolExhausted,
)


class Database:
    """Promise: `session()` for the ORM and Core, `pool` for hand-tuned statements, `searches` for those that are planned anew for
    the values of each request, `wake`/`listen` across processes."""

    def __init__(self, url: str, *, connections: int = 10) -> None:
        parsed = make_url(url)
        self.dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        self.engine: AsyncEngine = create_async_engine(
            parsed.set(drivername="postgresql+asyncpg"), pool_size=connections, max_overflow=0, hide_parameters=True
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._connections = connections
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._searches: asyncpg.Pool[asyncpg.Record] | None = None
        self._wakeups: dict[str, Wakeup] = {}
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        with connecting(self.dsn):
            self._pool = await asyncpg.create_pool(self.dsn, min_size=1, max_size=self._connections)
        self._searches = await asyncpg.create_pool(self.dsn, min_size=0, max_size=SEARCHES, server_settings=PLANNED_FOR_VALUES)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        tasks = [wakeup.sender for wakeup in self._wakeups.values() if wakeup.sender] + [self._listener]
        for task in filter(None, tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._listener = None
        for pool in filter(None, (self._pool, self._searches)):
            pool.terminate()
        await self.engine.dispose()

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    @property
    def searches(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._searches is None:
            raise RuntimeError("the database is not open")
        return self._searches

    def session(self) -> AsyncSession:
        return self._sessions()

    async def ping(self) -> None:
        """Raises when the database does not answer in time."""
        await _ping(self.pool)

    def wakeup(self, name: str) -> "Wakeup":
        """The named wake-up of this database, shared by every process that uses it."""
        if name not in self._wakeups:
            self._wakeups[name] = Wakeup(self, name)
        return self._wakeups[name]

    def listen(self) -> None:
        """Start hearing the wake-ups that other processes send. Losing the connection is survived; polling is the net."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="database-listener")

    async def _listen(self) -> None:
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(self.dsn)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                try:
                    await connection.add_listener(CHANNEL, self._heard)
                    for wakeup in self._wakeups.values():
                        wakeup.ring()
                    while True:  # it may die without a word, and its wake-ups with it
                        await _set_within(lost, LISTENER_ASKED_EVERY)
                        await _ping(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(RECONNECT_PAUSE)

    def _heard(self, connection: object, pid: int, channel: str, name: object) -> None:
        wakeup = self._wakeups.get(str(name))
        if wakeup is not None:
            wakeup.ring()


async def _ping(database: "asyncpg.Pool[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]") -> None:
    async with asyncio.timeout(PING_TIMEOUT):
        await database.fetchval("SELECT 1")


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Sleep until it is set, or for so long. Not with `wait_for`, which forgets to be cancelled while it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def copy_in(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Many new rows at once, all with the same columns, in the session's transaction: a third of what inserting them costs.

    Raises what the database raises, as asyncpg does.
    """
    if rows:
        driver = await _driver_of(session)
        columns = list(rows[0])
        await driver.copy_records_to_table(table.name, columns=columns, records=[tuple(row.values()) for row in rows])


async def run_in(session: AsyncSession, statement: str, *values: object) -> None:
    """A statement of asyncpg's, in the session's transaction and after all that the session has to write."""
    await (await _driver_of(session)).execute(statement, *values)


async def fetch_in(session: AsyncSession, statement: str, *values: object) -> Sequence[asyncpg.Record]:
    """As `run_in`, with the rows that it returns."""
    rows: Sequence[asyncpg.Record] = await (await _driver_of(session)).fetch(statement, *values)
    return rows


async def _driver_of(session: AsyncSession) -> "asyncpg.Connection[asyncpg.Record]":
    await session.flush()
    await session.execute(BEGUN)
    driver: asyncpg.Connection[asyncpg.Record] | None = (
        await (await session.connection()).get_raw_connection()
    ).driver_connection
    assert driver is not None
    return driver


class Wakeup:
    """Tells sleepers, here and in other processes, that there is work. Cheap to ring often; never carries data.

    NOTIFY inside a business transaction would serialise commits, so it is sent after the commit, apart and coalesced.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._event = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._outgoing = asyncio.Event()
        self.sender: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Wake the sleepers of this process."""
        self._event.set()
        for callback in self._callbacks:
            callback()

    def ring_everywhere(self) -> None:
        """Wake the sleepers of every process on this database."""
        self.ring()
        self._outgoing.set()
        if self.sender is None or self.sender.done():
            self.sender = asyncio.create_task(self._send(), name=f"notify-{self._name}")

    def on_ring(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    async def wait(self, timeout: float) -> None:
        """Sleep until rung, or for `timeout` seconds."""
        await _set_within(self._event, timeout)
        self._event.clear()

    async def _send(self) -> None:
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            try:
                await self._database.pool.execute("SELECT pg_notify($1, $2)", CHANNEL, self._name)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                log.debug("wake-up not sent", name=self._name)
            await asyncio.sleep(NOTIFY_PAUSE)


def is_outage(error: BaseException) -> bool:
    """Whether `error` means that the database is away (wait for it) rather than that a statement is wrong."""
    seen: BaseException | None = error
    while seen is not None:
        # asyncpg's InterfaceError is a closed connection, unless it is also a ValueError: then an argument was wrong.
        if isinstance(seen, AWAY) and not isinstance(seen, ValueError):
            return True
        if isinstance(seen, DBAPIError) and seen.connection_invalidated:
            return True
        seen = seen.__cause__ or getattr(seen, "orig", None)
    return False


def bulk_insert(table: Table, columns: Sequence[str], *, parameter: int = 1, tail: str = "") -> str:
    """SQL that inserts any number of rows from one parameter, a JSON array of objects; names and types off the table.

    The table stays the one source of truth, and the statement is the same for every batch size, so PostgreSQL plans it once.
    One JSON text costs the client a third of one array parameter per column; bytes travel in base64, as `bulk_rows` has them.
    """
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    binary = {name for name in columns if isinstance(table.c[name].type, LargeBinary)}
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f"decode(\"{name}\", 'base64')" if name in binary else f'"{name}"' for name in columns)
    types = ", ".join(f'"{name}" {"text" if name in binary else table.c[name].type.compile(dialect=dialect)}' for name in columns)
    rows = f"json_to_recordset(${parameter}) AS rows ({types})"
    return f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM {rows} {tail}'.strip()


def bulk_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """The parameter of a `bulk_insert`."""
    return _encode(rows).decode()
