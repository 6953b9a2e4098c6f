"""Research as those see it who do it, and those to whom it recommends something."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from services.visits.research.models import (
    FieldDay,
    FollowUp,
    Recommendation,
    ResearchEvidence,
    ResearchLink,
    ResearchProject,
    ResearchResult,
)
from services.visits.research.queries.access import find_project, is_inside, visible
from services.visits.research.rules import LinkKind, ResearchState, is_overdue
from services.visits.research.schemas import FollowUpOut, ResearchDetail, ResearchOut, ResearchProgressOut, ResearchResultOut
from services.visits.visits.models import Visit
from services.visits.visits.rules import VisitState
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

Table = TypeVar("Table", ResearchLink, Recommendation, ResearchResult, FieldDay)

MADE = (VisitState.done, VisitState.done_late)


async def get_project(uow: UnitOfWork, principal: Principal, project_id: UUID) -> ResearchDetail:
    """Raises `NotFound` (research-not-found)."""
    return await show_project(uow, principal, await find_project(uow, principal, project_id))


async def list_projects(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    state: ResearchState | None,
    limit: int,
    cursor: str | None,
) -> Page[ResearchOut]:
    """Research that the caller may see, oldest first."""
    statement = select(ResearchProject).where(await visible(uow, principal)).order_by(col(ResearchProject.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(ResearchProject.unit_id) == unit_id)
    if state is not None:
        statement = statement.where(col(ResearchProject.state) == state)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(ResearchProject.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda project: project.id)
    return Page(items=[ResearchOut.model_validate(_fields(uow, principal, project)) for project in rows], next_cursor=following)


async def show_project(uow: UnitOfWork, principal: Principal, project: ResearchProject) -> ResearchDetail:
    """For somebody who may see it."""
    inside = is_inside(uow, principal, project)
    follow_up = await uow.session.get(FollowUp, project.id)
    return ResearchDetail.model_validate(
        {
            **_fields(uow, principal, project),
            "progress": await _progress(uow, project.id),
            "links": await links_of(uow, project.id) if inside else [],
            "field_days": await _field_days(uow, project.id) if inside else [],
            "results": await _results(uow, project.id, with_evidence=inside),
            "recommendations": await recommendations_of(uow, project.id),
            "follow_up": FollowUpOut.model_validate(follow_up) if follow_up else None,
        }
    )


def _fields(uow: UnitOfWork, principal: Principal, project: ResearchProject) -> dict[str, Any]:
    inside = is_inside(uow, principal, project)
    return {
        **project.model_dump(),
        "leader_id": project.leader_id if inside else None,
        "quota": {"visits": project.quota_visits, "hours": project.quota_hours},
        "follow_up_overdue": is_overdue(project.state, project.follow_up_on, uow.now().date()),
    }


async def _progress(uow: UnitOfWork, project_id: UUID) -> ResearchProgressOut:
    made = select(func.count()).select_from(ResearchLink).join(Visit, col(Visit.id) == col(ResearchLink.ref_id))
    visits = made.where(
        col(ResearchLink.project_id) == project_id,
        col(ResearchLink.kind) == LinkKind.visit,
        col(Visit.state).in_(MADE),
    )
    return ResearchProgressOut(visits=await uow.session.scalar(visits) or 0, hours=await hours_of(uow, project_id))


async def hours_of(uow: UnitOfWork, project_id: UUID) -> float:
    """In the field."""
    return await uow.session.scalar(select(func.sum(col(FieldDay.hours))).where(col(FieldDay.project_id) == project_id)) or 0.0


async def links_of(uow: UnitOfWork, project_id: UUID) -> Sequence[ResearchLink]:
    return await _rows(uow, ResearchLink, col(ResearchLink.project_id) == project_id, col(ResearchLink.id))


async def recommendations_of(uow: UnitOfWork, project_id: UUID) -> Sequence[Recommendation]:
    return await _rows(uow, Recommendation, col(Recommendation.project_id) == project_id, col(Recommendation.id))


async def results_of(uow: UnitOfWork, project_id: UUID) -> Sequence[ResearchResult]:
    return await _rows(uow, ResearchResult, col(ResearchResult.project_id) == project_id, col(ResearchResult.id))


async def evidence_of(uow: UnitOfWork, project_id: UUID) -> dict[UUID, list[UUID]]:
    """By result, the links that it rests on."""
    statement = select(ResearchEvidence).join(ResearchResult, col(ResearchResult.id) == col(ResearchEvidence.result_id))
    found = await uow.session.scalars(
        statement.where(col(ResearchResult.project_id) == project_id).order_by(col(ResearchEvidence.link_id))
    )
    evidence: dict[UUID, list[UUID]] = defaultdict(list)
    for each in found:
        evidence[each.result_id].append(each.link_id)
    return evidence


async def _results(uow: UnitOfWork, project_id: UUID, *, with_evidence: bool) -> list[ResearchResultOut]:
    evidence = await evidence_of(uow, project_id) if with_evidence else {}
    results = await results_of(uow, project_id)
    return [ResearchResultOut.model_validate({**each.model_dump(), "evidence": evidence.get(each.id, [])}) for each in results]


async def _field_days(uow: UnitOfWork, project_id: UUID) -> Sequence[FieldDay]:
    return await _rows(uow, FieldDay, col(FieldDay.project_id) == project_id, col(FieldDay.day))


async def _rows(uow: UnitOfWork, table: type[Table], condition: ColumnElement[bool], order: Any) -> Sequence[Table]:
    return (await uow.session.scalars(select(table).where(condition).order_by(order))).all()
