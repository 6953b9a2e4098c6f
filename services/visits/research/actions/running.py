"""The course of a research project, from the question to whether anything changed."""

from uuid import UUID

from services.visits.discretion.rules import check_notes
from services.visits.research.models import FollowUp, ResearchProject
from services.visits.research.queries.access import lock_project
from services.visits.research.queries.reading import recommendations_of, results_of
from services.visits.research.rules import ResearchState, check_dates, check_measured, check_report, move
from services.visits.research.schemas import FollowUpIn, NewResearch
from services.visits.visitors.queries import require_own_unit, require_visitor
from shared.auth import Principal
from shared.events.visits import (
    RecommendationMade,
    ResearchFollowedUp,
    ResearchReported,
    ResearchStarted,
    ResearchStopped,
)
from shared.uow import UnitOfWork


async def propose_research(uow: UnitOfWork, principal: Principal, wanted: NewResearch) -> ResearchProject:
    """Keep a draft. Raises `NotFound` (unit-not-found, leader-not-found) and `Invalid`."""
    check_notes({"body.question": wanted.question, "body.population": wanted.population})
    check_dates(wanted.starts_on, wanted.ends_on, wanted.follow_up_on)
    unit = await require_own_unit(uow, principal, wanted.unit_id)
    await require_visitor(uow, wanted.leader_id, unit, called="leader")
    project = ResearchProject(
        id=uow.new_id(),
        quota_visits=wanted.quota.visits,
        quota_hours=wanted.quota.hours,
        state=ResearchState.draft,
        created_by=principal.account,
        created_at=uow.now(),
        **wanted.model_dump(exclude={"quota"}),
    )
    uow.session.add(project)
    await uow.session.flush()
    return project


async def start_research(uow: UnitOfWork, principal: Principal, project_id: UUID) -> ResearchProject:
    """Tells `ResearchStarted`. Raises `NotFound`, `Forbidden`, `Conflict` (research-state)."""
    project = await lock_project(uow, principal, project_id)
    project.state, project.started_at = move(project.state, ResearchState.running), uow.now()
    await uow.record(
        ResearchStarted(
            project_id=project.id,
            unit_id=project.unit_id,
            method=project.method,
            starts_on=project.starts_on,
            ends_on=project.ends_on,
            follow_up_on=project.follow_up_on,
            started_at=project.started_at,
        )
    )
    return project


async def stop_research(uow: UnitOfWork, principal: Principal, project_id: UUID, reason: str) -> ResearchProject:
    """Before it has reported. Tells `ResearchStopped`. Raises `NotFound`, `Forbidden`, `Conflict` (research-state)."""
    project = await lock_project(uow, principal, project_id)
    project.state, project.stopped_at = move(project.state, ResearchState.stopped), uow.now()
    project.stop_reason = reason
    await uow.record(ResearchStopped(project_id=project.id, unit_id=project.unit_id, stopped_at=project.stopped_at))
    return project


async def report_research(uow: UnitOfWork, principal: Principal, project_id: UUID) -> ResearchProject:
    """Lay results and recommendations before those who are to answer. Tells `ResearchReported`, and `RecommendationMade` of each.

    Raises `NotFound`, `Forbidden`, `Conflict` (research-state, nothing-to-report).
    """
    project = await lock_project(uow, principal, project_id)
    project.state, now = move(project.state, ResearchState.reported), uow.now()
    results, recommendations = await results_of(uow, project.id), await recommendations_of(uow, project.id)
    check_report(len(results), len(recommendations))
    project.reported_at = now
    await uow.record(
        ResearchReported(
            project_id=project.id,
            unit_id=project.unit_id,
            results=len(results),
            recommendations=len(recommendations),
            reported_at=now,
        )
    )
    for each in recommendations:
        await uow.record(
            RecommendationMade(
                recommendation_id=each.id,
                project_id=project.id,
                unit_id=project.unit_id,
                addressed_unit_id=each.addressed_to,
                made_at=now,
            )
        )
    return project


async def follow_up_research(uow: UnitOfWork, principal: Principal, project_id: UUID, said: FollowUpIn) -> ResearchProject:
    """Measure again, once every recommendation was answered. Tells `ResearchFollowedUp`.

    Raises `NotFound`, `Forbidden`, `Conflict` (research-state), `Invalid` (measured-out-of-time).
    """
    project = await lock_project(uow, principal, project_id)
    project.state, now = move(project.state, ResearchState.followed_up), uow.now()
    assert project.answered_at is not None, "it was answered"
    check_measured(said.measured_on, answered_on=project.answered_at.date(), today=now.date())
    uow.session.add(FollowUp(project_id=project.id, recorded_by=principal.account, recorded_at=now, **said.model_dump()))
    await uow.record(
        ResearchFollowedUp(
            project_id=project.id,
            unit_id=project.unit_id,
            indicator=said.indicator,
            value_before=said.before,
            value_after=said.after,
            measured_on=said.measured_on,
            followed_up_at=now,
        )
    )
    await uow.session.flush()
    return project
