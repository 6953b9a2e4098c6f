"""Reading findings, each with how far its case has come."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from services.visits.cases.models import KnownCase
from services.visits.errors import finding_not_found
from services.visits.findings.models import CaseProgress, Finding
from services.visits.findings.rules import OVER, case_state
from services.visits.findings.schemas import FindingOut
from services.visits.visitors.queries import in_scope
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_finding(uow: UnitOfWork, principal: Principal, finding_id: UUID) -> FindingOut:
    """Raises `NotFound` (finding-not-found)."""
    found = await _read(uow, col(Finding.id) == finding_id, await _visible(uow, principal), limit=1)
    if not found:
        raise finding_not_found()
    return found[0]


async def list_findings(
    uow: UnitOfWork, principal: Principal, *, visit_id: UUID | None, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[FindingOut]:
    """Findings that the caller may see, oldest first."""
    conditions = [await _visible(uow, principal)]
    if visit_id is not None:
        conditions.append(col(Finding.visit_id) == visit_id)
    if unit_id is not None:
        conditions.append(col(Finding.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        conditions.append(col(Finding.id) > after)
    rows, following = cut(await _read(uow, *conditions, limit=limit + 1), limit, lambda finding: finding.id)
    return Page(items=list(rows), next_cursor=following)


async def findings_of_visit(uow: UnitOfWork, visit_id: UUID) -> list[FindingOut]:
    """For somebody who may see the visit."""
    return list(await _read(uow, col(Finding.visit_id) == visit_id))


async def findings_of_post(uow: UnitOfWork, post_id: UUID) -> list[FindingOut]:
    """Those whose case is not over: whoever has the post sees them through."""
    return [finding for finding in await _read(uow, col(Finding.post_id) == post_id) if finding.case_state not in OVER]


async def _visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """The sponsor's, those of the caller's units, and those whose case one of the caller's units owns."""
    scope = await in_scope(uow, principal, col(Finding.unit_id), col(CaseProgress.unit_id))
    return or_(scope, col(Finding.sponsor_id) == principal.account_id)


async def _read(uow: UnitOfWork, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[FindingOut]:
    statement = (
        select(Finding, CaseProgress, KnownCase)
        .outerjoin(CaseProgress, col(CaseProgress.finding_id) == col(Finding.id))
        .outerjoin(KnownCase, col(KnownCase.case_id) == col(CaseProgress.case_id))
    )
    rows = await uow.session.execute(statement.where(*conditions).order_by(col(Finding.id)).limit(limit))
    return [_shown(finding, progress, known) for finding, progress, known in rows]


def _shown(finding: Finding, progress: CaseProgress | None, known: KnownCase | None) -> FindingOut:
    case: dict[str, object] = {"case_id": None, "case_state": None}
    if progress is not None:
        state = case_state(
            answered_at=progress.answered_at,
            confirmed_at=progress.confirmed_at,
            resolved=progress.resolved,
            rejected_at=progress.rejected_at,
            lapsed_at=known.lapsed_at if known else None,
            reopened_at=known.reopened_at if known else None,
            withdrawn_at=known.withdrawn_at if known else None,
        )
        case = {"case_id": progress.case_id, "case_state": state}
    return FindingOut.model_validate({**finding.model_dump(), **case})
