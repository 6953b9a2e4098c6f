"""A house with the smallest limits that can be set."""

from pathlib import Path

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.service import Service
from tests.support.clock import ManualClock

CALLS, OPINIONS = 20, 10


@pytest.fixture
def service(database_url: str, clock: ManualClock, tmp_path: Path) -> Service:
    settings = FeedbackSettings(
        database_url=database_url,
        var=tmp_path,
        anonymous_calls_per_minute=CALLS,
        anonymous_opinions_per_minute=OPINIONS,
        receipts_waiting=10,
    )
    return create_service(settings, clock=clock)
