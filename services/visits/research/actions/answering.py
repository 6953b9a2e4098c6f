"""Adopting or declining what research recommends, by the unit that it is addressed to."""

from datetime import date
from uuid import UUID

from services.visits.research.models import Recommendation, ResearchProject
from services.visits.research.queries.access import find_project, is_lead_over
from services.visits.research.queries.reading import recommendations_of
from services.visits.research.rules import REPORTED, ResearchState, check_by_when, move
from shared.auth import Principal
from shared.errors import Conflict, Forbidden, NotFound
from shared.events.visits import RecommendationAnswered
from shared.uow import UnitOfWork


async def adopt_recommendation(
    uow: UnitOfWork, principal: Principal, project_id: UUID, recommendation_id: UUID, by_when: date
) -> ResearchProject:
    """Say by when it is done. Tells `RecommendationAnswered`. Raises like `decline_recommendation`, and `Invalid`
    (adopted-for-the-past)."""
    project, recommendation = await _unanswered(uow, principal, project_id, recommendation_id)
    check_by_when(by_when, uow.now().date())
    recommendation.by_when = by_when
    return await _answer(uow, principal, project, recommendation, adopted=True)


async def decline_recommendation(
    uow: UnitOfWork, principal: Principal, project_id: UUID, recommendation_id: UUID, reason: str
) -> ResearchProject:
    """Say why not. Tells `RecommendationAnswered`.

    Raises `NotFound` (research-not-found, recommendation-not-found), `Forbidden` (not-the-addressee), `Conflict`
    (research-not-reported, recommendation-answered).
    """
    project, recommendation = await _unanswered(uow, principal, project_id, recommendation_id)
    recommendation.reason = reason
    return await _answer(uow, principal, project, recommendation, adopted=False)


async def _unanswered(
    uow: UnitOfWork, principal: Principal, project_id: UUID, recommendation_id: UUID
) -> tuple[ResearchProject, Recommendation]:
    project = await find_project(uow, principal, project_id, lock=True)
    recommendation = await uow.session.get(Recommendation, recommendation_id)
    if recommendation is None or recommendation.project_id != project.id:
        raise NotFound("recommendation-not-found", "This research has no recommendation with this id.")
    if principal.account == project.leader_id or not is_lead_over(uow, principal, recommendation.addressed_to):
        raise Forbidden(
            "not-the-addressee", "Only a lead of the unit that it is addressed to answers, and not who leads the research."
        )
    if project.state not in REPORTED:
        raise Conflict("research-not-reported", f"This research is {project.state}: answer when it has reported.")
    if recommendation.adopted is not None:
        raise Conflict("recommendation-answered", "This recommendation was answered before: an answer is not replaced.")
    return project, recommendation


async def _answer(
    uow: UnitOfWork, principal: Principal, project: ResearchProject, recommendation: Recommendation, *, adopted: bool
) -> ResearchProject:
    now = uow.now()
    recommendation.adopted, recommendation.answered_by, recommendation.answered_at = adopted, principal.account, now
    await uow.record(
        RecommendationAnswered(
            recommendation_id=recommendation.id,
            project_id=project.id,
            unit_id=project.unit_id,
            addressed_unit_id=recommendation.addressed_to,
            adopted=adopted,
            by_when=recommendation.by_when,
            answered_at=now,
        )
    )
    await uow.session.flush()
    if all(each.adopted is not None for each in await recommendations_of(uow, project.id)):
        project.state, project.answered_at = move(project.state, ResearchState.answered), now
    return project
