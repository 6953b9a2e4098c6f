"""Keeping what a replay needs: one statement per event, and the same row in the end whatever order the events arrive in."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, func
from sqlalchemy.dialects.postgresql import insert

from services.assessment.simulations.models import ClockEvidence
from services.assessment.tables import metadata
from shared.events.feedback import (
    CaseLapsed,
    CaseOpened,
    CaseQuestionAsked,
    CaseRejected,
    CaseWithdrawn,
    ClockBreached,
    ClockBreachedV2,
    ClockKind,
)
from shared.uow import UnitOfWork

EVIDENCE: Table = metadata.tables[str(ClockEvidence.__tablename__)]
BREACHES = {
    ClockKind.acknowledgement: "acknowledgement_breached_at",
    ClockKind.resolution: "resolution_breached_at",
}
"""The first answer's is among the indicators."""


async def keep_case_opened(uow: UnitOfWork, event: CaseOpened) -> None:
    await _keep(uow, event.case_id, opened_at=event.opened_at, channel=event.channel)


async def keep_question_asked(uow: UnitOfWork, event: CaseQuestionAsked) -> None:
    await _keep(uow, event.case_id, asked_at=event.asked_at)


async def keep_case_rejected(uow: UnitOfWork, event: CaseRejected) -> None:
    await _keep(uow, event.case_id, ended_at=event.rejected_at)


async def keep_case_withdrawn(uow: UnitOfWork, event: CaseWithdrawn) -> None:
    await _keep(uow, event.case_id, ended_at=event.withdrawn_at)


async def keep_case_lapsed(uow: UnitOfWork, event: CaseLapsed) -> None:
    await _keep(uow, event.case_id, ended_at=event.lapsed_at)


async def keep_clock_breached(uow: UnitOfWork, event: ClockBreached | ClockBreachedV2) -> None:
    column = BREACHES.get(ClockKind(event.kind))
    if column is not None:
        await _keep(uow, event.case_id, **{column: event.breached_at})


async def _keep(uow: UnitOfWork, case_id: UUID, **facts: Any) -> None:
    """The earliest of each; a null is later than all."""
    statement = insert(EVIDENCE).values(case_id=case_id, **facts)
    earliest = {name: func.least(EVIDENCE.c[name], statement.excluded[name]) for name in facts}
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=earliest))
