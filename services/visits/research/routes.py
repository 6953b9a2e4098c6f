"""Research over HTTP: for those who do it, for those who are to answer, and for everybody."""

from uuid import UUID

from fastapi import APIRouter

from services.visits.research.actions import answering, publishing, running, working
from services.visits.research.queries import reading, register
from services.visits.research.rules import ResearchState
from services.visits.research.schemas import (
    AdoptionIn,
    DeclineIn,
    FieldDayIn,
    FollowUpIn,
    NewResearch,
    RecommendationIn,
    RegisterDetail,
    RegisterOut,
    ResearchDetail,
    ResearchLinkIn,
    ResearchOut,
    ResearchResultIn,
    ResearchStopIn,
)
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

NOTHING = NothingIn()

router = APIRouter(prefix="/v1/research-projects", route_class=EdgeRoute, tags=["research"])
registering = APIRouter(prefix="/v1/research-register", route_class=EdgeRoute, tags=["research"])


@router.post("", status_code=201)
async def propose_research(uow: Uow, principal: Staff, body: NewResearch) -> ResearchDetail:
    """Draft a project: what is asked, of whom, how, by whom, and when it is measured whether anything changed."""
    return await reading.show_project(uow, principal, await running.propose_research(uow, principal, body))


@router.get("")
async def list_research(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    state: ResearchState | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[ResearchOut]:
    """Research that you may see, oldest first."""
    return await reading.list_projects(uow, principal, unit_id=unit_id, state=state, limit=limit, cursor=cursor)


@router.get("/{project_id}")
async def get_research(uow: Uow, principal: Overseer, project_id: UUID) -> ResearchDetail:
    """One project. For its leader, its unit and the units above; once reported, in part for those it recommends something to."""
    return await reading.get_project(uow, principal, project_id)


@router.post("/{project_id}/start")
async def start_research(uow: Uow, principal: Staff, project_id: UUID, body: NothingIn = NOTHING) -> ResearchDetail:
    """From now on it takes field days, results and recommendations."""
    return await reading.show_project(uow, principal, await running.start_research(uow, principal, project_id))


@router.post("/{project_id}/stop")
async def stop_research(uow: Uow, principal: Staff, project_id: UUID, body: ResearchStopIn) -> ResearchDetail:
    """Give it up for a reason. What has reported cannot be stopped."""
    return await reading.show_project(uow, principal, await running.stop_research(uow, principal, project_id, body.reason))


@router.post("/{project_id}/links")
async def link_evidence(uow: Uow, principal: Staff, project_id: UUID, body: ResearchLinkIn) -> ResearchDetail:
    """Name a case, a visit or a finding that it rests on."""
    return await reading.show_project(uow, principal, await working.link_evidence(uow, principal, project_id, body))


@router.post("/{project_id}/field-days")
async def record_field_day(uow: Uow, principal: Staff, project_id: UUID, body: FieldDayIn) -> ResearchDetail:
    """Enter, once for each day, the hours that the leader spent in the field."""
    return await reading.show_project(uow, principal, await working.record_field_day(uow, principal, project_id, body))


@router.post("/{project_id}/results")
async def add_result(uow: Uow, principal: Staff, project_id: UUID, body: ResearchResultIn) -> ResearchDetail:
    """Something that was found out, with what it rests on."""
    return await reading.show_project(uow, principal, await working.add_result(uow, principal, project_id, body))


@router.post("/{project_id}/recommendations")
async def recommend(uow: Uow, principal: Staff, project_id: UUID, body: RecommendationIn) -> ResearchDetail:
    """Something that a unit is to change. It can answer once the research has reported."""
    return await reading.show_project(uow, principal, await working.recommend(uow, principal, project_id, body))


@router.post("/{project_id}/report")
async def report_research(uow: Uow, principal: Staff, project_id: UUID, body: NothingIn = NOTHING) -> ResearchDetail:
    """Close it and lay it before the units that are to answer."""
    return await reading.show_project(uow, principal, await running.report_research(uow, principal, project_id))


@router.post("/{project_id}/recommendations/{recommendation_id}/adopt")
async def adopt_recommendation(
    uow: Uow, principal: Staff, project_id: UUID, recommendation_id: UUID, body: AdoptionIn
) -> ResearchDetail:
    """By a lead of the unit that it is addressed to: it is done by a day."""
    project = await answering.adopt_recommendation(uow, principal, project_id, recommendation_id, body.by_when)
    return await reading.show_project(uow, principal, project)


@router.post("/{project_id}/recommendations/{recommendation_id}/decline")
async def decline_recommendation(
    uow: Uow, principal: Staff, project_id: UUID, recommendation_id: UUID, body: DeclineIn
) -> ResearchDetail:
    """By a lead of the unit that it is addressed to: it is not done, for a reason."""
    project = await answering.decline_recommendation(uow, principal, project_id, recommendation_id, body.reason)
    return await reading.show_project(uow, principal, project)


@router.post("/{project_id}/follow-up")
async def follow_up_research(uow: Uow, principal: Staff, project_id: UUID, body: FollowUpIn) -> ResearchDetail:
    """Measure again once every recommendation was answered: has anything changed?"""
    return await reading.show_project(uow, principal, await running.follow_up_research(uow, principal, project_id, body))


@router.get("/{project_id}/publication")
async def preview_publication(uow: Uow, principal: Overseer, project_id: UUID) -> RegisterDetail:
    """All that anybody could read if it were published now."""
    return await register.preview_entry(uow, principal, project_id)


@router.post("/{project_id}/publish")
async def publish_research(uow: Uow, principal: Staff, project_id: UUID, body: NothingIn = NOTHING) -> RegisterDetail:
    """By a lead over the unit: put it, with all that it says by now, into the public register."""
    return await register.show_entry(uow, await publishing.publish_research(uow, principal, project_id))


@registering.get("")
async def list_register(
    uow: Uow, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[RegisterOut]:
    """Published research, newest first. For anybody."""
    return await register.list_register(uow, unit_id=unit_id, limit=limit, cursor=cursor)


@registering.get("/{project_id}")
async def get_entry(uow: Uow, project_id: UUID) -> RegisterDetail:
    """What published research found and recommends, what was answered, and what was measured since. For anybody."""
    return await register.get_entry(uow, project_id)
