"""A service whose ids tell the time of its clock: what is counted is found by its id."""

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.ids import new_id_at
from shared.service import Service
from tests.support.clock import ManualClock


@pytest.fixture
def service(database_url: str, clock: ManualClock) -> Service:
    return create_service(FeedbackSettings(database_url=database_url), clock=clock, ids=lambda: new_id_at(clock()))
