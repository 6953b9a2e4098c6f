"""A service that starts after others have told things: it learns the units, policies and calendars there are."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.assessment.app import create_service as create_assessment
from services.assessment.settings import AssessmentSettings
from services.feedback.app import create_service as create_feedback
from services.feedback.settings import FeedbackSettings
from shared.auth import Role
from shared.bus import Bus
from shared.bus.kafka import KafkaBus, create_topics
from shared.service import Service
from shared.topics import COMPACTED, TOPICS
from tests.support.callers import ServiceClient, principal
from tests.support.databases import Databases
from tests.support.eventually import eventually

ADMIN, RESIDENT = principal(Role.admin), principal(Role.resident)
UNIT = {"code": "township", "name": "The township", "level": "township", "parent_id": None}
CALENDAR = {"code": "office", "name": "Office", "time_zone": "UTC", "weekly": {"monday": [["09:00", "17:00"]]}}
SPAN = {"amount": 3, "unit": "working_days"}
KINDS = ("acknowledgement", "first_answer", "next_answer", "resolution", "appeal")
POLICY = {
    "code": "towns",
    "name": "Rules for townships",
    "level": "township",
    "deadlines": dict.fromkeys(KINDS, SPAN),
    "escalation": [SPAN],
    **dict.fromkeys(("confirm_within", "reopen_within", "appeal_within"), SPAN),
    "calendar_code": "office",
}


@pytest.fixture
def assessment(databases: Databases) -> Service:
    return create_assessment(AssessmentSettings(database_url=databases.fresh("assessment")))


@pytest.fixture
def feedback(databases: Databases) -> Service:
    return create_feedback(FeedbackSettings(database_url=databases.fresh("feedback")))


async def post(service: Service, path: str, body: Any, **kwargs: Any) -> Any:
    answer = await ServiceClient(service).post(path, json=body, **kwargs)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def register_everything(assessment: Service) -> str:
    """A unit's id, with a policy in its second version and the calendar that it names."""
    await post(assessment, "/v1/working-calendars", CALENDAR, caller=ADMIN)
    for _ in range(2):
        await post(assessment, "/v1/policies", POLICY, caller=ADMIN)
    return str((await post(assessment, "/v1/units", UNIT, caller=ADMIN))["id"])


async def knows_everything(feedback: Service, unit_id: str) -> bool:
    opinion = {"channel": "thought", "title": "Why?", "body": "Why is it so?", "unit_id": unit_id}
    filed = await post(feedback, "/v1/opinions", opinion, caller=RESIDENT)
    case = (await ServiceClient(feedback).get(f"/v1/cases/{filed['case_id']}", caller=RESIDENT)).json()
    return (case["policy_version"], case["calendar_version"]) == ("towns.v2", 1)


async def test_what_was_registered_while_nobody_relayed_is_learned(assessment: Service, feedback: Service, bus: Bus) -> None:
    """In one process all services work or none does, so what one has to tell waits for the others in its outbox."""
    async with assessment.open(), feedback.open():
        unit_id = await register_everything(assessment)
        async with assessment.working(bus), feedback.working(bus):
            await eventually(lambda: feedback.units.find(UUID(unit_id)))
            await eventually(lambda: knows_everything(feedback, unit_id))


@pytest.mark.kafka
async def test_what_was_told_before_a_service_was_installed_is_learned(
    assessment: Service, feedback: Service, compacted_bus: KafkaBus
) -> None:
    async with assessment.open(), assessment.working(compacted_bus):
        unit_id = await register_everything(assessment)
        await eventually(lambda: told_all(assessment))
        async with feedback.open(), feedback.working(compacted_bus):
            await eventually(lambda: feedback.units.find(UUID(unit_id)))
            await eventually(lambda: knows_everything(feedback, unit_id))


async def told_all(service: Service) -> bool:
    return not await service.database.pool.fetchval("SELECT count(*) FROM outbox")


@pytest.fixture
async def compacted_bus(kafka_bootstrap: str) -> AsyncIterator[KafkaBus]:
    """Topics as an installation has them."""
    namespace = f"test-{uuid4().hex[:12]}."
    compacted = frozenset(namespace + topic for topic in COMPACTED)
    await create_topics(kafka_bootstrap, [namespace + topic for topic in TOPICS], partitions=2, replicas=1, compacted=compacted)
    bus = KafkaBus(kafka_bootstrap, client_id="massline-tests", namespace=namespace)
    yield bus
    await bus.stop()
