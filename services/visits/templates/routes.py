"""Visit templates over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.visits.templates import actions, queries
from services.visits.templates.schemas import TemplateIn, TemplateOut
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]
UsableBy = Annotated[UUID | None, Query(description="Only templates that this unit can use: its own, and those of units above.")]

router = APIRouter(prefix="/v1/visit-templates", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def add_template(uow: Uow, principal: Leader, body: TemplateIn) -> TemplateOut:
    """What is asked on a visit, in a unit and those below it. The same code again is the next version."""
    return TemplateOut.of(await actions.add_template(uow, principal, body))


@router.get("")
async def list_templates(
    uow: Uow,
    principal: Overseer,
    unit_id: UsableBy = None,
    code: Code | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[TemplateOut]:
    """The newest version of each template of your unit, of those above it, and of those below it."""
    return await queries.list_templates(uow, principal, unit_id=unit_id, code=code, limit=limit, cursor=cursor)


@router.get("/{template_id}")
async def get_template(uow: Uow, principal: Overseer, template_id: UUID) -> TemplateOut:
    """The newest version of a template."""
    return await queries.get_template(uow, principal, template_id)


@router.get("/{template_id}/versions/{version}")
async def get_template_version(
    uow: Uow, principal: Overseer, template_id: UUID, version: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> TemplateOut:
    """One version of a template, as the visits recorded by it were asked."""
    return await queries.get_template(uow, principal, template_id, version)
