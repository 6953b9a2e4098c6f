"""Cases that ended before retention was a policy keep what the settings of then promised; those that are open get what is in
effect when they end."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.migrations import migrate_async
from tests.feedback.house import House, official, plant, resident, unit
from tests.feedback.retention.test_erasing import due
from tests.feedback.retention.test_policies import promised
from tests.feedback.test_upgrade import MIGRATIONS
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases

OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASE = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at)
VALUES ($1, $2, $3, 'opinion', $4, $5, '', 'default.v1', $6, $6)
"""
BEFORE: list[tuple[str, str, str]] = [
    ("withdrawn", "thought", "confidential"),
    ("rejected", "thought", "named"),
    ("confirmed_resolved", "public_opinion", "anonymous"),
    ("closed_unconfirmed", "public_opinion", "named"),
    ("in_progress", "thought", "named"),
]
SETTINGS = {"ACCESS_DAYS": '{"thought": 365}', "WORDS_DAYS": '{"thought": 500}', "NAMED_WORDS_DAYS": '{"public_opinion": 2000}'}
NO_SETTINGS: dict[str, str] = {}


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (NO_SETTINGS, [(180, 365), (180, 1825), (180, 730), (180, 1825)]),
        (SETTINGS, [(365, 500), (365, 1825), (180, 730), (180, 2000)]),
    ],
)
async def test_what_was_promised_by_settings_stays(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], kept: list[tuple[int, int]]
) -> None:
    url, clock, speaker = databases.empty(), ManualClock(OPENED + timedelta(days=500, hours=1)), resident()
    await migrate_async(MIGRATIONS, url, to="0010")
    *over, waiting = [await _file_as_before(url, *each) for each in BEFORE]
    for name, value in settings.items():
        monkeypatch.setenv(f"MASSLINE_FEEDBACK_{name}", value)
    await migrate_async(MIGRATIONS, url)
    service = create_service(FeedbackSettings(database_url=url), clock=clock)
    async with service.open():
        await plant(service)
        house = House(service, ServiceClient(service), clock, speaker)
        assert [promised(await _seen(house, each)) for each in over] == kept
        assert await due(house) == {"access": set(), "words": {str(over[0])}}
        await house.do(str(waiting), "reject", {"reason": "No."}, caller=official("village"))
        assert promised(await _seen(house, waiting)) == (180, 1825)


async def _seen(house: House, case_id: UUID) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=official("village"))


async def _file_as_before(url: str, state: str, channel: str, protection: str) -> UUID:
    case_id, connection = uuid4(), await asyncpg.connect(url)
    try:
        await connection.execute(CASE, case_id, unit("village"), state, channel, protection, OPENED)
    finally:
        await connection.close()
    return case_id
