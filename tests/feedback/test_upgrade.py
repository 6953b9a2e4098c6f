"""Cases from before the chains of escalation: nothing of them is lost, and what is overdue climbs on."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.migrations import migrate_async
from tests.architecture.sources import ROOT
from tests.feedback.house import House, official, plant, resident, unit
from tests.feedback.work import work
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases

MIGRATIONS = ROOT / "services" / "feedback" / "migrations"
OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
BREACHED = OPENED + timedelta(days=7)
CASE = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, body, owner_id, policy_version, opened_at, updated_at,
    message_count)
VALUES ($1, $2, 'in_progress', 'opinion', 'public_opinion', 'named', 'The lamp', 'It is dark.', $3, 'house-rules', $4, $4, 2)
"""
CLOCK = """
INSERT INTO case_clocks (case_id, kind, started_at, due_at, met_at, breached_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
STEP = "INSERT INTO escalation_steps (case_id, step, unit_id, kind, notified_at) VALUES ($1, 1, $2, 'first_answer', $3)"
MESSAGE = "INSERT INTO messages (id, case_id, number, by, text, added_at) VALUES ($1, $2, $3, $4, $5, $6)"
ACT = """
INSERT INTO case_history (case_id, at, verb, by_role, by_unit_id, from_state, to_state, reason, rule)
VALUES ($1, $2, 'escalate', 'system', $3, 'in_progress', 'in_progress', 'first_answer deadline passed', 'house-rules')
"""


async def file_as_before(url: str, owner_id: UUID | None) -> UUID:
    case_id, connection = uuid4(), await asyncpg.connect(url)
    try:
        await connection.execute(CASE, case_id, unit("village"), owner_id, OPENED)
        await connection.execute(CLOCK, case_id, "acknowledgement", OPENED, BREACHED, OPENED + timedelta(days=1), None)
        await connection.execute(CLOCK, case_id, "first_answer", OPENED, BREACHED, None, BREACHED)
        await connection.execute(CLOCK, case_id, "resolution", OPENED, OPENED + timedelta(days=90), None, None)
        await connection.execute(STEP, case_id, unit("township"), BREACHED)
        await connection.execute(ACT, case_id, BREACHED, unit("township"))
        await connection.execute(MESSAGE, uuid4(), case_id, 1, "resident", "Please hurry.", OPENED)
        await connection.execute(MESSAGE, uuid4(), case_id, 2, "unit", "We look at it.", OPENED)
    finally:
        await connection.close()
    return case_id


async def test_a_case_of_the_first_version_is_whole_after_the_upgrade(databases: Databases) -> None:
    url, speaker, clock = databases.empty(), resident(), ManualClock(BREACHED + timedelta(days=6))
    await migrate_async(MIGRATIONS, url, to="0001")
    case_id = await file_as_before(url, speaker.account_id)
    await migrate_async(MIGRATIONS, url)
    service = create_service(FeedbackSettings(database_url=url), clock=clock)
    async with service.open():
        await plant(service)
        house = House(service, ServiceClient(service), clock, speaker)
        case = await house.get(f"/v1/cases/{case_id}", caller=speaker)
        assert (case["state"], case["policy_version"], case["unread"], case["last_said_by"]) == (
            "in_progress",
            "default.v1",
            0,
            "unit",
        )
        (step,) = case["escalations"]
        assert (step["cause"], step["round"], step["step"], step["unit_id"]) == ("first_answer", 0, 1, str(unit("township")))
        assert datetime.fromtimestamp((UUID(step["id"]).int >> 80) / 1000, UTC) == BREACHED
        (chain,) = case["chains"]
        assert (chain["next_step"], datetime.fromisoformat(chain["next_at"])) == (2, BREACHED + timedelta(days=7))
        messages = (await house.get(f"/v1/cases/{case_id}/messages", caller=speaker))["items"]
        assert [(said["by"], said["unit_id"], said["kind"]) for said in messages] == [
            ("resident", None, "message"),
            ("unit", str(unit("village")), "message"),
        ]
        timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=speaker)
        assert timeline[-1]["reason"] == "not answered in time"
        told = await house.get("/v1/escalations", caller=official("township"))
        assert [item["case_id"] for item in told["items"]] == [str(case_id)]

        clock.advance(days=2)
        await work(service)
        case = await house.get(f"/v1/cases/{case_id}", caller=speaker)
        assert [step["unit_id"] for step in case["escalations"]] == [str(unit("township")), str(unit("county"))]
