"""Reading activity templates."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.visits.activity_templates.models import ActivityTemplate
from services.visits.activity_templates.schemas import ActivityTemplateOut
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.units import KnownUnit
from shared.uow import UnitOfWork


async def get_template(uow: UnitOfWork, template_id: UUID) -> ActivityTemplateOut:
    """One version. Raises `NotFound` (activity-template-not-found)."""
    template = await uow.session.get(ActivityTemplate, template_id)
    if template is None:
        raise template_not_found()
    return ActivityTemplateOut.of(template)


async def list_templates(uow: UnitOfWork, *, limit: int, cursor: str | None) -> Page[ActivityTemplateOut]:
    """Every version of every template, oldest first."""
    statement = select(ActivityTemplate).order_by(col(ActivityTemplate.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(ActivityTemplate.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda template: template.id)
    return Page(items=[ActivityTemplateOut.of(template) for template in rows], next_cursor=following)


async def usable_template(uow: UnitOfWork, code: str, unit: KnownUnit) -> ActivityTemplate:
    """The newest version, if `unit` may hold activities by it. Raises `NotFound` (activity-template-not-found)."""
    template = await newest_template(uow, code)
    if template is None or not (template.unit_id is None or uow.units.covers(template.unit_id, unit.id)):
        raise template_not_found()
    return template


async def newest_template(uow: UnitOfWork, code: str) -> ActivityTemplate | None:
    versions = select(ActivityTemplate).where(col(ActivityTemplate.code) == code)
    return await uow.session.scalar(versions.order_by(col(ActivityTemplate.version).desc()).limit(1))


def template_not_found() -> NotFound:
    return NotFound(
        "activity-template-not-found", "There is no such template for this unit: GET /v1/activity-templates lists them."
    )
