"""Reading templates, and filling one in for a case."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import chain_of, open_case
from services.feedback.cases.queries.reading import clocks_of
from services.feedback.categories.models import CategoryRow
from services.feedback.conversations.rules import MessageKind
from services.feedback.templates.models import Template
from services.feedback.templates.rules import Placeholder, fill_text
from services.feedback.templates.schemas import FilledOut, TemplateOut
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.languages import Language
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_template(uow: UnitOfWork, principal: Principal, template_id: UUID, *, lock: bool = False) -> Template:
    """A template of the caller's unit, of one above, which it may use too, or of one below. Raises `NotFound`
    (template-not-found)."""
    statement = select(Template).where(col(Template.id) == template_id)
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None or not (principal.role is Role.admin or found.unit_id in _in_line(uow, principal)):
        raise NotFound("template-not-found", "There is no such template among those of your line: GET /v1/templates lists them.")
    return found


async def list_templates(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    kind: MessageKind | None,
    language: Language | None,
    limit: int,
    cursor: str | None,
) -> Page[TemplateOut]:
    """In the order of their making. Raises `NotFound` (unit-not-found)."""
    statement = select(Template)
    if principal.role is not Role.admin:
        statement = statement.where(col(Template.unit_id).in_(_in_line(uow, principal)))
    if unit_id is not None:
        chain = await chain_of(uow.units, unit_id)
        statement = statement.where(col(Template.unit_id).in_([unit.id for unit in chain]))
    if kind is not None:
        statement = statement.where(col(Template.kind) == kind)
    if language is not None:
        statement = statement.where(col(Template.language) == language)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Template.id) > after)
    found = (await uow.session.scalars(statement.order_by(col(Template.id)).limit(limit + 1))).all()
    rows, next_cursor = cut(found, limit, lambda template: template.id)
    return Page(items=[TemplateOut.model_validate(template) for template in rows], next_cursor=next_cursor)


async def fill_template(uow: UnitOfWork, principal: Principal, case_id: UUID, template_id: UUID) -> FilledOut:
    """The template's text about this case, to be edited and sent. Raises `NotFound` (case-not-found, template-not-found)."""
    access = await open_case(uow, principal, case_id)
    case = access.case
    template = await get_template(uow, principal, template_id)
    unit = uow.units.get(case.unit_id)
    values = {
        Placeholder.case_title: access.unseal(uow, case.title),
        Placeholder.unit_name: unit.name if unit else None,
        Placeholder.due_date: await _due_date(uow, case),
        Placeholder.opened_on: case.opened_at.date().isoformat(),
        Placeholder.category: await _category(uow, case.category, template.language),
    }
    return FilledOut(text=fill_text(template.text, values))


def _in_line(uow: UnitOfWork, principal: Principal) -> Sequence[UUID]:
    if principal.unit_id is None:
        return []
    return [*(unit.id for unit in uow.units.chain(principal.unit_id)), *uow.units.subtree(principal.unit_id)]


async def _due_date(uow: UnitOfWork, case: Case) -> str | None:
    """When the next of its deadlines is."""
    clocks = await clocks_of(uow, case.id)
    due_at = min((clock.due_at for clock in clocks if not (clock.met_at or clock.breached_at or clock.stopped_at)), default=None)
    return due_at.date().isoformat() if due_at else None


async def _category(uow: UnitOfWork, code: str | None, language: Language) -> str | None:
    """The registered name; a code that is not registered is its own."""
    name = CategoryRow.name_zh if language is Language.zh else CategoryRow.name_en
    return await uow.session.scalar(select(col(name)).where(col(CategoryRow.code) == code)) or code
