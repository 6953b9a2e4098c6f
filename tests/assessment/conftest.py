"""The assessment service on a fresh database, with a clock that moves only when told."""

from collections.abc import AsyncIterator

import pytest

from services.assessment.app import create_service
from services.assessment.settings import AssessmentSettings
from shared.service import Service
from tests.assessment.office import Office
from tests.support.clock import ManualClock
from tests.support.databases import Databases


@pytest.fixture
def settings(databases: Databases) -> AssessmentSettings:
    return AssessmentSettings(database_url=databases.fresh("assessment"))


@pytest.fixture
async def service(settings: AssessmentSettings, clock: ManualClock) -> AsyncIterator[Service]:
    service = create_service(settings, clock=clock)
    async with service.open():
        yield service


@pytest.fixture
def office(service: Service, clock: ManualClock) -> Office:
    return Office(service, clock)
