"""The feedback service, open, without its worker: what it tells stays in the outbox to be looked at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.service import Service
from tests.feedback.house import House, plant
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases


@pytest.fixture
def database_url(databases: Databases) -> str:
    return databases.fresh("feedback")


@pytest.fixture
def service(database_url: str, clock: ManualClock, tmp_path: Path) -> Service:
    return create_service(FeedbackSettings(database_url=database_url, var=tmp_path), clock=clock)


@pytest.fixture
async def house(service: Service, clock: ManualClock) -> AsyncIterator[House]:
    async with service.open():
        await plant(service)
        yield House(service, ServiceClient(service), clock)
