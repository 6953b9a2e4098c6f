"""Making, changing and removing templates: for the lead of the unit or of one above it, and for administrators."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.templates.models import Template
from services.feedback.templates.queries import get_template
from services.feedback.templates.rules import check_text
from services.feedback.templates.schemas import TemplateChangeIn, TemplateIn
from shared.auth import Principal, Role
from shared.errors import Conflict, Forbidden, check_version
from shared.uow import UnitOfWork


async def add_template(uow: UnitOfWork, principal: Principal, said: TemplateIn) -> Template:
    """The unit, and every unit below it, can write with it from now on.

    Raises `NotFound` (unit-not-found), `Forbidden`, `Invalid`, `Conflict` (template-code-taken).
    """
    await uow.units.require(said.unit_id)
    _permit(uow, principal, said.unit_id)
    check_text(said.text)
    template = Template(id=uow.new_id(), version=1, **said.model_dump())
    statement = insert(Template).values(template.model_dump()).on_conflict_do_nothing().returning(col(Template.id))
    if await uow.session.scalar(statement) is None:
        raise Conflict("template-code-taken", "The unit has a template of this code and language: change that one with PUT.")
    return template


async def change_template(
    uow: UnitOfWork, principal: Principal, template_id: UUID, version: int, said: TemplateChangeIn
) -> Template:
    """Replace its title, text and kind. Raises `NotFound` (template-not-found), `Forbidden`, `Outdated`, `Invalid`."""
    template = await get_template(uow, principal, template_id, lock=True)
    _permit(uow, principal, template.unit_id)
    check_version(version, template.version)
    check_text(said.text)
    template.title, template.text, template.kind = said.title, said.text, said.kind
    template.version += 1
    return template


async def remove_template(uow: UnitOfWork, principal: Principal, template_id: UUID) -> None:
    """What was written with it stays. Raises `NotFound` (template-not-found), `Forbidden`."""
    template = await get_template(uow, principal, template_id, lock=True)
    _permit(uow, principal, template.unit_id)
    await uow.session.delete(template)


def _permit(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> None:
    leads = principal.role is Role.lead and uow.units.covers(principal.unit_id, unit_id)
    if principal.role is not Role.admin and not leads:
        raise Forbidden("not-your-unit", "The lead of the unit or of one above it writes its templates, and an administrator.")
