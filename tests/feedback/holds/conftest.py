"""A service whose ids tell the time of its clock: what is usual is counted by them."""

from pathlib import Path

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.ids import new_id_at
from shared.service import Service
from tests.support.clock import ManualClock


@pytest.fixture
def service(database_url: str, clock: ManualClock, tmp_path: Path) -> Service:
    settings = FeedbackSettings(database_url=database_url, var=tmp_path)
    return create_service(settings, clock=clock, ids=lambda: new_id_at(clock()))
