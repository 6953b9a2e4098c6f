from collections.abc import AsyncIterator

import pytest

from services.visits.app import create_service
from services.visits.settings import VisitsSettings
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.visits.house import House


@pytest.fixture
def database_url(databases: Databases) -> str:
    return databases.fresh("visits")


@pytest.fixture
async def house(database_url: str, clock: ManualClock) -> AsyncIterator[House]:
    service = create_service(VisitsSettings(database_url=database_url), clock=clock)
    async with service.open():
        house = House(service, ServiceClient(service), clock)
        await house.furnish()
        yield house
