"""Reporting findings, and following what becomes of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.findings.models import CaseProgress, Finding
from services.visits.findings.schemas import FindingDraft
from shared.events.visits import FindingReported
from shared.uow import UnitOfWork


async def report_findings(
    uow: UnitOfWork, *, visit_id: UUID, unit_id: UUID, sponsor_id: UUID, drafts: Sequence[FindingDraft]
) -> None:
    """Keep what a visit found and tell of each: `FindingReported`, without its words."""
    for draft in drafts:
        finding = Finding(
            id=uow.new_id(),
            visit_id=visit_id,
            unit_id=unit_id,
            sponsor_id=sponsor_id,
            reported_at=uow.now(),
            **draft.model_dump(),
        )
        uow.session.add(finding)
        await uow.record(_reported(finding))


def _reported(finding: Finding) -> FindingReported:
    return FindingReported(
        finding_id=finding.id,
        visit_id=finding.visit_id,
        unit_id=finding.unit_id,
        category=finding.category,
        sponsor_id=finding.sponsor_id,
        reported_at=finding.reported_at,
    )


async def open_case(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, finding_id: UUID, at: datetime) -> None:
    """Feedback opened a case on a finding."""
    case = await _progress(uow, case_id, unit_id, at)
    case.finding_id = finding_id


async def answer_case(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, at: datetime) -> None:
    """The unit answered the case."""
    case = await _progress(uow, case_id, unit_id, at)
    case.answered_at = max(case.answered_at or at, at)


async def confirm_case(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, resolved: bool, at: datetime) -> None:
    """The speaker judged the outcome; the newest judgement stands."""
    case = await _progress(uow, case_id, unit_id, at)
    if case.confirmed_at is None or at >= case.confirmed_at:
        case.confirmed_at, case.resolved = at, resolved


async def _progress(uow: UnitOfWork, case_id: UUID, unit_id: UUID, at: datetime) -> CaseProgress:
    """The locked row of a case, begun by whichever fact comes first."""
    begun = insert(CaseProgress).values(case_id=case_id, unit_id=unit_id, heard_at=at)
    await uow.session.execute(begun.on_conflict_do_nothing())
    found = await uow.session.scalars(select(CaseProgress).where(col(CaseProgress.case_id) == case_id).with_for_update())
    case = found.one()
    if at >= case.heard_at:
        case.unit_id, case.heard_at = unit_id, at
    return case
