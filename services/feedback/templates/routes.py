"""REST of templates: texts that officials start from."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.feedback.conversations.rules import MessageKind
from services.feedback.templates import actions, queries
from services.feedback.templates.schemas import FilledOut, TemplateChangeIn, TemplateIn, TemplateOut
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, QueryRoute, Uow, Version, tag_version
from shared.languages import Language
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/templates", route_class=EdgeRoute, tags=["templates"])
filling = APIRouter(prefix="/v1/cases", route_class=QueryRoute, tags=["templates"])

UsableBy = Annotated[UUID | None, Query(description="Only templates that this unit can use: its own, and those of units above.")]


@router.post("", status_code=201)
async def add_template(uow: Uow, principal: Staff, body: TemplateIn, response: Response) -> TemplateOut:
    """A text for the unit and the units below it, written by a lead of the unit or of one above it."""
    template = await actions.add_template(uow, principal, body)
    tag_version(response, template.version)
    return TemplateOut.model_validate(template)


@router.get("")
async def list_templates(
    uow: Uow,
    principal: Overseer,
    unit_id: UsableBy = None,
    kind: MessageKind | None = None,
    language: Language | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[TemplateOut]:
    """The templates of your unit, of those above it, which you can use too, and of those below it."""
    return await queries.list_templates(uow, principal, unit_id=unit_id, kind=kind, language=language, limit=limit, cursor=cursor)


@router.get("/{template_id}")
async def get_template(uow: Uow, principal: Overseer, template_id: UUID, response: Response) -> TemplateOut:
    """One template, with its `ETag`."""
    template = await queries.get_template(uow, principal, template_id)
    tag_version(response, template.version)
    return TemplateOut.model_validate(template)


@router.put("/{template_id}")
async def change_template(
    uow: Uow, principal: Staff, version: Version, template_id: UUID, body: TemplateChangeIn, response: Response
) -> TemplateOut:
    """Replace its title, text and kind. 412 when somebody changed it after you read it."""
    template = await actions.change_template(uow, principal, template_id, version, body)
    tag_version(response, template.version)
    return TemplateOut.model_validate(template)


@router.delete("/{template_id}", status_code=204)
async def remove_template(uow: Uow, principal: Staff, template_id: UUID) -> None:
    """Remove it. What was written with it stays."""
    await actions.remove_template(uow, principal, template_id)


@filling.post("/{case_id}/templates/{template_id}/fill")
async def fill_template(uow: Uow, principal: Staff, case_id: UUID, template_id: UUID) -> FilledOut:
    """The text with the case's facts in its gaps, to be edited and sent with the usual verbs. Nothing is sent by this."""
    return await queries.fill_template(uow, principal, case_id, template_id)
