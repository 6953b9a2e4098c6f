"""Reading the register of decisions, and whose units a caller answers for."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, select, text, true
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.assessment.decisions.models import PUBLIC, Decision
from services.assessment.decisions.schemas import DecisionOut, PublicDecision
from services.assessment.scopes.queries import in_scope, oversees_all
from shared.auth import Principal, Role
from shared.events.feedback import DecidedAbout
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

IdColumn = Mapped[UUID] | Mapped[UUID | None]


def sees_persons(principal: Principal) -> bool:
    """Whether the caller is told whose account decided; to the others it is a role and a unit."""
    return principal.role in (Role.admin, Role.inspector)


async def list_decisions(
    uow: UnitOfWork, principal: Principal, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> Page[DecisionOut]:
    """A page of the decisions about the caller's units, oldest first. `given`: columns and the values they must have.

    Who decided is named to administrators and inspectors; the others see role and unit. What is not published names nobody to an
    inspector of a unit, who is of the chain of all that they see here. Raises `Invalid` (malformed-cursor).
    """
    rows, following = await _page(uow, visible(uow, principal), given, limit=limit, cursor=cursor)
    told = [DecisionOut.of(row, named=sees_persons(principal) and (row.public or oversees_all(principal))) for row in rows]
    return Page(items=told, next_cursor=following)


def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the decisions that the caller sees beside the public ones: about their units, but who may know of a case, a report
    or a hold is decided by feedback alone, so what it decided about them is for administrators, who may know of all."""
    if principal.role is Role.admin:
        return true()
    return in_scope(uow, principal, col(Decision.unit_id)) & col(Decision.subject).not_in(list(DecidedAbout))


async def list_public_decisions(
    uow: UnitOfWork, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> Page[PublicDecision]:
    """A page of what anybody may read, oldest first. Raises `Invalid` (malformed-cursor)."""
    rows, following = await _page(uow, text(PUBLIC), given, limit=limit, cursor=cursor)
    return Page(items=[PublicDecision.model_validate(row) for row in rows], next_cursor=following)


async def _page(
    uow: UnitOfWork, seen: ColumnElement[bool] | TextClause, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> tuple[Sequence[Decision], str | None]:
    statement = select(Decision).where(seen).filter_by(**given).order_by(col(Decision.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Decision.id) > after)
    return cut((await uow.session.scalars(statement)).all(), limit, lambda decision: decision.id)
