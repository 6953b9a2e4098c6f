"""Reporting findings, and following what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.findings.models import CaseProgress, Finding
from services.visits.findings.queries import findings_of_post
from services.visits.findings.schemas import FindingDraft
from shared.events.visits import FindingReported, FindingSponsorChanged
from shared.uow import UnitOfWork


async def report_findings(
    uow: UnitOfWork, *, visit_id: UUID, unit_id: UUID, post_id: UUID | None, sponsor_id: UUID, drafts: Sequence[FindingDraft]
) -> None:
    """Keep what a visit found and tell of each: `FindingReported`, without its words."""
    for draft in drafts:
        finding = Finding(
            id=uow.new_id(),
            visit_id=visit_id,
            unit_id=unit_id,
            post_id=post_id,
            sponsor_id=sponsor_id,
            reported_at=uow.now(),
            **draft.model_dump(),
        )
        uow.session.add(finding)
        await uow.record(_reported(finding))


async def pass_findings_on(uow: UnitOfWork, post_id: UUID, holder_id: UUID) -> None:
    """Findings follow their post to whoever holds it now, until their case is over. Tells `FindingSponsorChanged` of each."""
    findings = await findings_of_post(uow, post_id)
    theirs = any_(literal([finding.id for finding in findings], ARRAY(Uuid())))
    passed = update(Finding).where(col(Finding.id) == theirs).values(sponsor_id=holder_id)
    await uow.session.execute(passed.execution_options(synchronize_session=False))
    await uow.record_all(
        [
            FindingSponsorChanged(finding_id=finding.id, unit_id=finding.unit_id, sponsor_id=holder_id, changed_at=uow.now())
            for finding in findings
        ]
    )


def _reported(finding: Finding) -> FindingReported:
    return FindingReported(
        finding_id=finding.id,
        visit_id=finding.visit_id,
        unit_id=finding.unit_id,
        category=finding.category,
        sponsor_id=finding.sponsor_id,
        reported_at=finding.reported_at,
    )


@dataclass(frozen=True, slots=True)
class FindingCase:
    """A fact about the case of a finding: whose case it was, and when the fact came about."""

    finding_id: UUID
    case_id: UUID
    unit_id: UUID
    at: datetime


async def open_case(uow: UnitOfWork, told: FindingCase) -> None:
    """Feedback opened a case on a finding."""
    await _progress(uow, told)


async def hand_over_case(uow: UnitOfWork, told: FindingCase) -> None:
    """Another unit owes the case from now on."""
    await _progress(uow, told)


async def answer_case(uow: UnitOfWork, told: FindingCase) -> None:
    """The unit answered the case."""
    case = await _progress(uow, told)
    case.answered_at = max(case.answered_at or told.at, told.at)


async def confirm_case(uow: UnitOfWork, told: FindingCase, *, resolved: bool) -> None:
    """The outcome was judged; the newest judgement stands."""
    case = await _progress(uow, told)
    if case.confirmed_at is None or told.at >= case.confirmed_at:
        case.confirmed_at, case.resolved = told.at, resolved


async def reject_case(uow: UnitOfWork, told: FindingCase) -> None:
    """The unit declined the case, for good."""
    case = await _progress(uow, told)
    case.rejected_at = told.at


async def _progress(uow: UnitOfWork, told: FindingCase) -> CaseProgress:
    """The locked row of a case, begun by whichever fact comes first."""
    values = {"case_id": told.case_id, "finding_id": told.finding_id, "unit_id": told.unit_id, "heard_at": told.at}
    await uow.session.execute(insert(CaseProgress).values(values).on_conflict_do_nothing())
    found = await uow.session.scalars(select(CaseProgress).where(col(CaseProgress.case_id) == told.case_id).with_for_update())
    case = found.one()
    if told.at >= case.heard_at:
        case.unit_id, case.heard_at = told.unit_id, told.at
    return case
