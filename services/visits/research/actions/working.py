"""What research rests on, and what it says."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.findings.queries import get_finding
from services.visits.research.models import (
    FieldDay,
    Recommendation,
    ResearchEvidence,
    ResearchLink,
    ResearchProject,
    ResearchResult,
)
from services.visits.research.queries.access import is_lead_over, lock_project
from services.visits.research.queries.reading import MADE, links_of, recommendations_of, results_of
from services.visits.research.rules import LinkKind, check_field_day, check_linkable, check_room, check_running, check_visit
from services.visits.research.schemas import (
    MOST_LINKS,
    MOST_RECOMMENDATIONS,
    MOST_RESULTS,
    FieldDayIn,
    RecommendationIn,
    ResearchLinkIn,
    ResearchResultIn,
)
from services.visits.visits.queries import get_visit
from shared.auth import Principal
from shared.errors import Conflict, Forbidden, NotFound
from shared.events.visits import FieldDayRecorded
from shared.uow import UnitOfWork


async def link_evidence(uow: UnitOfWork, principal: Principal, project_id: UUID, link: ResearchLinkIn) -> ResearchProject:
    """Name a case, a visit or a finding that the research rests on; what is linked already stays as it is.

    A visit or a finding must be one that the caller may see; cases are kept elsewhere. Raises `NotFound` (research-not-found,
    visit-not-found, finding-not-found), `Forbidden`, `Conflict` (research-closed, research-full).
    """
    project = await lock_project(uow, principal, project_id)
    check_linkable(project.state)
    check_room(len(await links_of(uow, project.id)), MOST_LINKS, "links")
    match link.kind:
        case LinkKind.visit:
            await get_visit(uow, principal, link.id)
        case LinkKind.finding:
            await get_finding(uow, principal, link.id)
        case LinkKind.case:
            pass
    values = {"id": uow.new_id(), "project_id": project.id, "kind": link.kind, "ref_id": link.id, "linked_at": uow.now()}
    await uow.session.execute(insert(ResearchLink).values(values).on_conflict_do_nothing())
    return project


async def record_field_day(uow: UnitOfWork, principal: Principal, project_id: UUID, said: FieldDayIn) -> ResearchProject:
    """Hours that the leader spent in the field, entered once for each day by the leader or a lead over the unit.

    Tells `FieldDayRecorded`. Raises `NotFound` (research-not-found, visit-not-found), `Forbidden`, `Invalid`, `Conflict`
    (research-not-running, field-day-recorded).
    """
    project = await lock_project(uow, principal, project_id)
    if principal.account != project.leader_id and not is_lead_over(uow, principal, project.unit_id):
        raise Forbidden("not-the-leader", "Only the leader of this research, or a lead of the unit, enters field hours.")
    check_running(project.state)
    others = await _hours_elsewhere(uow, project, said.on)
    now = uow.now()
    check_field_day(said.on, starts_on=project.starts_on, today=now.date(), hours=said.hours, others=others)
    if said.visit_id is not None:
        visit = await get_visit(uow, principal, said.visit_id)
        check_visit(visit.occurred_at.date() if visit.occurred_at and visit.state in MADE else None, said.on)
    await _keep_field_day(
        uow,
        FieldDay(
            project_id=project.id,
            day=said.on,
            hours=said.hours,
            visit_id=said.visit_id,
            recorded_by=principal.account,
            recorded_at=now,
        ),
    )
    await uow.record(
        FieldDayRecorded(project_id=project.id, unit_id=project.unit_id, on=said.on, hours=said.hours, recorded_at=now)
    )
    return project


async def _hours_elsewhere(uow: UnitOfWork, project: ResearchProject, on: date) -> float:
    """What the leader spent in other projects on that day. Days of one leader are entered one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"field days {project.leader_id}", 0))))
    hours = select(func.sum(col(FieldDay.hours))).join(ResearchProject, col(ResearchProject.id) == col(FieldDay.project_id))
    statement = hours.where(
        col(ResearchProject.leader_id) == project.leader_id,
        col(ResearchProject.id) != project.id,
        col(FieldDay.day) == on,
    )
    return await uow.session.scalar(statement) or 0.0


async def _keep_field_day(uow: UnitOfWork, day: FieldDay) -> None:
    kept = insert(FieldDay).values(day.model_dump()).on_conflict_do_nothing().returning(col(FieldDay.day))
    if await uow.session.scalar(kept) is None:
        raise Conflict("field-day-recorded", "The hours of this day were entered before: a record is not replaced.")


async def add_result(uow: UnitOfWork, principal: Principal, project_id: UUID, said: ResearchResultIn) -> ResearchProject:
    """Raises `NotFound` (research-not-found, link-not-found), `Forbidden`, `Conflict` (research-not-running, research-full)."""
    project = await lock_project(uow, principal, project_id)
    check_running(project.state)
    check_room(len(await results_of(uow, project.id)), MOST_RESULTS, "results")
    await _check_evidence(uow, project, said.evidence)
    result = ResearchResult(id=uow.new_id(), project_id=project.id, text=said.text, made_at=uow.now())
    uow.session.add(result)
    await uow.session.flush()
    uow.session.add_all(ResearchEvidence(result_id=result.id, link_id=link_id) for link_id in said.evidence)
    await uow.session.flush()
    return project


async def _check_evidence(uow: UnitOfWork, project: ResearchProject, evidence: Collection[UUID]) -> None:
    known = {link.id for link in await links_of(uow, project.id)}
    if not known.issuperset(evidence):
        raise NotFound("link-not-found", "`evidence` names something that is no link of this project: add the link first.")


async def recommend(uow: UnitOfWork, principal: Principal, project_id: UUID, said: RecommendationIn) -> ResearchProject:
    """Say what a unit is to change; it is told when the research reports.

    Raises `NotFound` (research-not-found, unit-not-found), `Forbidden`, `Conflict` (research-not-running, research-full).
    """
    project = await lock_project(uow, principal, project_id)
    check_running(project.state)
    check_room(len(await recommendations_of(uow, project.id)), MOST_RECOMMENDATIONS, "recommendations")
    addressed_to = (await uow.units.require(said.addressed_to)).id
    uow.session.add(
        Recommendation(id=uow.new_id(), project_id=project.id, text=said.text, addressed_to=addressed_to, made_at=uow.now())
    )
    await uow.session.flush()
    return project
