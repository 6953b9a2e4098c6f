"""Activity templates over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.activity_templates import actions, queries
from services.visits.activity_templates.schemas import ActivityTemplateOut, NewActivityTemplate
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1/activity-templates", route_class=EdgeRoute, tags=["activities"])


@router.post("", status_code=201)
async def adopt_template(uow: Uow, principal: Leader, body: NewActivityTemplate) -> ActivityTemplateOut:
    """Adopt a template for your unit and all below it, or the next version of one; older versions stay as they are."""
    return ActivityTemplateOut.of(await actions.adopt_template(uow, principal, body))


@router.get("")
async def list_templates(
    uow: Uow, principal: Overseer, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[ActivityTemplateOut]:
    """Every version of every template, oldest first."""
    return await queries.list_templates(uow, limit=limit, cursor=cursor)


@router.get("/{template_id}")
async def get_template(uow: Uow, principal: Overseer, template_id: UUID) -> ActivityTemplateOut:
    """One version of a template."""
    return await queries.get_template(uow, template_id)
