"""`/v1/objections`: what graded units say against their grades, and what independent reviewers decide."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.objections import actions, queries
from services.assessment.objections.rules import ObjectionState
from services.assessment.objections.schemas import DecisionIn, ObjectionIn, ObjectionOut
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Objector = Annotated[Principal, Depends(Require(Role.official, Role.lead))]
Reviewer = Annotated[Principal, Depends(Require(Role.inspector))]

router = APIRouter(prefix="/v1", route_class=EdgeRoute, tags=["objections"])


@router.post("/grades/{grade_id}/objections", status_code=201)
async def object_to_grade(grade_id: UUID, body: ObjectionIn, uow: Uow, principal: Objector) -> ObjectionOut:
    """Object to the grade of your own unit, within fifteen days of its publication."""
    objection = await actions.object_to_grade(uow, principal, grade_id, body)
    return queries.show_objection(uow, principal, objection)


@router.get("/objections")
async def list_objections(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    grade_id: UUID | None = None,
    state: ObjectionState | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[ObjectionOut]:
    """Objections, oldest first: all for inspectors, your units' for you."""
    asked = {"unit_id": unit_id, "grade_id": grade_id, "state": state}
    filters = {name: given for name, given in asked.items() if given is not None}
    return await queries.list_objections(uow, principal, filters, limit=limit, cursor=cursor)


@router.get("/objections/{objection_id}")
async def get_objection(objection_id: UUID, uow: Uow, principal: Overseer) -> ObjectionOut:
    """One objection."""
    return queries.show_objection(uow, principal, await queries.find_objection(uow, principal, objection_id))


@router.post("/objections/{objection_id}/decide")
async def decide_objection(objection_id: UUID, body: DecisionIn, uow: Uow, principal: Reviewer) -> ObjectionOut:
    """Decide as an inspector outside the chain who did not sign. What is upheld is counted anew, and signed anew by two."""
    objection = await actions.decide_objection(uow, principal, objection_id, body)
    return queries.show_objection(uow, principal, objection)
