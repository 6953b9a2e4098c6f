"""Asking research of a unit."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.visits.research_duties.models import ResearchDuty
from services.visits.research_duties.rules import check_year
from services.visits.research_duties.schemas import ResearchDutyIn
from services.visits.visitors.queries import require_own_unit
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.uow import UnitOfWork


async def set_duty(uow: UnitOfWork, principal: Principal, wanted: ResearchDutyIn) -> None:
    """What the leaders of a unit owe in a year, by a lead above it; said again, it is replaced.

    Raises `NotFound` (unit-not-found), `Forbidden` (duty-from-above), `Invalid` (duty-year-over).
    """
    unit = await require_own_unit(uow, principal, wanted.unit_id)
    if not _is_above(principal, unit.id):
        raise Forbidden("duty-from-above", "Only a lead of a unit above this one, or an administrator, says what it owes.")
    check_year(wanted.year, uow.now().date())
    duty = ResearchDuty(set_by=principal.account, set_at=uow.now(), **wanted.model_dump())
    values = duty.model_dump()
    statement = insert(ResearchDuty).values(values)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["unit_id", "year"], set_=values))


def _is_above(principal: Principal, unit_id: UUID) -> bool:
    """Of a unit in the caller's scope."""
    return principal.role is Role.admin or (principal.role is Role.lead and principal.unit_id != unit_id)
