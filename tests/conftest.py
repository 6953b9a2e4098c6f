"""Fixtures that everything shares: one PostgreSQL server and one Kafka broker per run, a fresh database per test."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from shared.bus import Bus
from shared.bus.inprocess import InProcessBus
from shared.embedded.kafka import EmbeddedKafka, kafka_unavailable_reason
from shared.embedded.postgres import EmbeddedPostgres
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.topics import fresh_kafka_bus

if TYPE_CHECKING:
    from _pytest.fixtures import SubRequest

UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For a server that is thrown away: only a crash of the machine could tell the difference."""
# Plain tracebacks: structlog's own take seconds each, with the locals of every frame.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])

if os.environ.get("CI") != "true":  # in CI hypothesis uses its own profile: the same examples every time
    settings.register_profile("house", deadline=None)
    settings.load_profile("house")
BUSES = ("inprocess", pytest.param("kafka", marks=pytest.mark.kafka))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: no processor waits for another that has begun one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    given = os.environ.get("MASSLINE_DATABASE_URL")
    if given:
        yield given
        return
    # Not in pytest's own temporary folder: it is closed to the account that PostgreSQL runs as when tests run as root.
    with (
        tempfile.TemporaryDirectory(prefix="massline-tests-") as folder,
        EmbeddedPostgres.start(Path(folder) / "postgres", settings=UNSAFE_BUT_FAST) as server,
    ):
        yield server.url


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Databases:
    return Databases(postgres_url)


@pytest.fixture(autouse=True)
def _databases_go_with_their_test(request: "SubRequest") -> Iterator[None]:
    """Thousands of them would fill the disk, and take a minute to remove."""
    if "databases" not in request.fixturenames:
        yield
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.passing():
        yield


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("MASSLINE_KAFKA_BOOTSTRAP")
    if given:
        yield given
        return
    with EmbeddedKafka.start(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap


@pytest.fixture
def var() -> Iterator[Path]:
    """An installation's folder, where the embedded PostgreSQL may live also when tests run as root."""
    with tempfile.TemporaryDirectory(prefix="massline-var-") as folder:
        yield Path(folder)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(autouse=True)
def _kafka_is_there(request: "SubRequest") -> None:
    """Without Java or Maven the Kafka tests are skipped; in CI they fail."""
    if request.node.get_closest_marker("kafka") is None or os.environ.get("MASSLINE_KAFKA_BOOTSTRAP"):
        return
    reason = kafka_unavailable_reason()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI runs the Kafka tests: {reason}")
    if reason:
        pytest.skip(reason)


@pytest.fixture(params=BUSES)
async def bus(request: "SubRequest") -> AsyncIterator[Bus]:
    """Both buses in turn. On Kafka every test has topics and groups of its own."""
    if request.param == "inprocess":
        yield InProcessBus()
        return
    bootstrap: str = request.getfixturevalue("kafka_bootstrap")
    async with fresh_kafka_bus(bootstrap) as kafka:
        yield kafka
