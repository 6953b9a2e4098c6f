"""`/v1/grades`: proposed by the rules, signed by two, published."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.assessment.grades import queries
from services.assessment.grades.actions.proposing import ask_for_grades
from services.assessment.grades.actions.signing import return_grade, sign_grade, sign_grades
from services.assessment.grades.rules import GradeState
from services.assessment.grades.schemas import (
    GradeOut,
    ProposalIn,
    PublicGrade,
    Recomputation,
    ReturnIn,
    RunOut,
    SignaturesIn,
    SignaturesOut,
)
from services.assessment.grading.rules.judging import GradeValue
from shared.auth import Caller, Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow, Version, tag_version
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

Proposer = Annotated[Principal, Depends(Require(Role.inspector, Role.admin))]
Signer = Annotated[Principal, Depends(Require(Role.inspector, Role.lead))]

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


async def _filters(
    unit_id: UUID | None = None,
    campaign_id: UUID | None = None,
    state: GradeState | None = None,
    value: GradeValue | None = None,
) -> dict[str, object]:
    asked = {"unit_id": unit_id, "campaign_id": campaign_id, "state": state, "value": value}
    return {name: given for name, given in asked.items() if given is not None}


Filters = Annotated[dict[str, object], Depends(_filters)]


@router.post("/campaigns/{campaign_id}/grades", status_code=201, tags=["grades"])
async def ask_for_campaign_grades(campaign_id: UUID, body: ProposalIn, uow: Uow, principal: Proposer) -> RunOut:
    """Propose the grades of a unit and of all below it now; the others of a large tree follow within seconds.

    What nobody has signed is counted anew; what somebody has signed stays. When the campaign ends this happens by itself.
    """
    run, proposed = await ask_for_grades(uow, principal, campaign_id, body.unit_id)
    return RunOut.of(run, proposed)


@router.get("/grades", tags=["grades"])
async def list_grades(
    uow: Uow, principal: Overseer, filters: Filters, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[GradeOut]:
    """Grades in full, oldest first: all for inspectors, your units' for you, and for a lead those that wait for a signature."""
    return await queries.list_grades(uow, principal, filters, limit=limit, cursor=cursor)


@router.get("/grades/{grade_id}", tags=["grades"])
async def get_grade(grade_id: UUID, uow: Uow, principal: Overseer, response: Response) -> GradeOut:
    """One grade with its whole tree. Its `ETag` names the evidence as it was counted: what you sign."""
    grade = await queries.find_grade(uow, principal, grade_id)
    tag_version(response, grade.version)
    return await queries.show_grade(uow, principal, grade)


@router.get("/grades/{grade_id}/recomputation", tags=["grades"])
async def recompute_grade(grade_id: UUID, uow: Uow, principal: Overseer) -> Recomputation:
    """The same grade computed again, from nothing but the evidence that is stored with it."""
    return await queries.recompute_grade(uow, principal, grade_id)


@router.post("/grades/{grade_id}/sign", tags=["grades"])
async def sign(grade_id: UUID, body: NothingIn, version: Version, uow: Uow, principal: Signer, response: Response) -> GradeOut:
    """Stand for it, as somebody whose unit is neither this one nor above or below it. The second signature publishes it."""
    grade = await sign_grade(uow, principal, grade_id, version)
    tag_version(response, grade.version)
    return await queries.show_grade(uow, principal, grade)


@router.post("/grades/sign", tags=["grades"])
async def sign_many(body: SignaturesIn, uow: Uow, principal: Signer) -> SignaturesOut:
    """Stand for up to 200 grades at once, each as you read it. What cannot be signed is told apart, and the others are signed."""
    outcomes = await sign_grades(uow, principal, {each.grade_id: each.version for each in body.grades})
    return SignaturesOut.of(outcomes)


@router.post("/grades/{grade_id}/return", tags=["grades"])
async def return_to_be_counted(
    grade_id: UUID, body: ReturnIn, version: Version, uow: Uow, principal: Signer, response: Response
) -> GradeOut:
    """Refuse to sign, with a reason: it is counted anew, and needs two signatures again."""
    grade = await return_grade(uow, principal, grade_id, version, body.reason)
    tag_version(response, grade.version)
    return await queries.show_grade(uow, principal, grade)


@router.get("/units/{unit_id}/grades", tags=["units"])
async def list_unit_grades(
    unit_id: UUID, uow: Uow, principal: Overseer, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[GradeOut]:
    """Every grade that a unit has had, oldest first, as far as you may see them in full."""
    return await queries.list_unit_grades(uow, principal, unit_id, limit=limit, cursor=cursor)


@router.get("/public/grades", tags=["public"])
async def list_public_grades(
    uow: Uow,
    principal: Caller,
    campaign_id: UUID | None = None,
    value: Annotated[GradeValue | None, Query(description="Only units with this grade.")] = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PublicGrade]:
    """The grade of every unit that has one, oldest first. Nothing rests on fewer than five residents."""
    asked = {"campaign_id": campaign_id, "value": value}
    filters = {name: given for name, given in asked.items() if given is not None}
    return await queries.list_public_grades(uow, filters, limit=limit, cursor=cursor)


@router.get("/public/units/{unit_id}/grade", tags=["public"])
async def get_public_grade(unit_id: UUID, uow: Uow, principal: Caller) -> PublicGrade:
    """The grade of one unit, how it came about, and whether it is objected to."""
    return await queries.get_public_grade(uow, unit_id)
