"""Research as everybody sees it: what it asks, found and recommends, and what became of that. Never who, nor which case."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.visits.research.models import PUBLISHED, FollowUp, Recommendation, ResearchProject, ResearchResult
from services.visits.research.queries.access import find_project
from services.visits.research.queries.reading import evidence_of, hours_of, links_of, recommendations_of, results_of
from services.visits.research.rules import LinkKind, is_overdue
from services.visits.research.schemas import PublicFollowUp, PublicRecommendation, PublicResult, RegisterDetail, RegisterOut
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def list_register(uow: UnitOfWork, *, unit_id: UUID | None, limit: int, cursor: str | None) -> Page[RegisterOut]:
    """Published research, newest first."""
    statement = select(ResearchProject).where(text(PUBLISHED)).order_by(col(ResearchProject.id).desc()).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(ResearchProject.unit_id) == unit_id)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(ResearchProject.id) < before)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda project: project.id)
    return Page(items=[RegisterOut.model_validate(_fields(uow, project)) for project in rows], next_cursor=following)


async def get_entry(uow: UnitOfWork, project_id: UUID) -> RegisterDetail:
    """Raises `NotFound` (research-not-public)."""
    project = await uow.session.get(ResearchProject, project_id)
    if project is None or project.published_at is None:
        raise NotFound("research-not-public", "No published research has this id: GET /v1/research-register lists it.")
    return await show_entry(uow, project)


async def preview_entry(uow: UnitOfWork, principal: Principal, project_id: UUID) -> RegisterDetail:
    """What publishing now would make public. Raises `NotFound` (research-not-found)."""
    return await show_entry(uow, await find_project(uow, principal, project_id), as_if_published=True)


async def show_entry(uow: UnitOfWork, project: ResearchProject, *, as_if_published: bool = False) -> RegisterDetail:
    """Texts that a lead has published. Answers to recommendations, and what was measured, show by themselves."""

    def shown(words: ResearchResult | Recommendation | FollowUp) -> bool:
        return as_if_published or words.published_at is not None

    evidence = await evidence_of(uow, project.id)
    follow_up = await uow.session.get(FollowUp, project.id)
    return RegisterDetail(
        **_fields(uow, project),
        field_hours=await hours_of(uow, project.id),
        links={**dict.fromkeys(LinkKind, 0), **Counter(link.kind for link in await links_of(uow, project.id))},
        results=[
            PublicResult(text=result.text, evidence=len(evidence[result.id]))
            for result in await results_of(uow, project.id)
            if shown(result)
        ],
        recommendations=[
            PublicRecommendation.model_validate(each) for each in await recommendations_of(uow, project.id) if shown(each)
        ],
        follow_up=_follow_up(follow_up, with_text=shown(follow_up)) if follow_up else None,
    )


def _follow_up(follow_up: FollowUp, *, with_text: bool) -> PublicFollowUp:
    return PublicFollowUp.model_validate({**follow_up.model_dump(), "text": follow_up.text if with_text else None})


def _fields(uow: UnitOfWork, project: ResearchProject) -> dict[str, Any]:
    overdue = is_overdue(project.state, project.follow_up_on, uow.now().date())
    return RegisterOut.model_validate({**project.model_dump(), "follow_up_overdue": overdue}).model_dump()
