"""Reading ratings."""

from uuid import UUID

from sqlalchemy import Float, cast, func, select
from sqlmodel import col

from services.visits.confirmations.models import VisitRating
from services.visits.confirmations.rules import LEAST_RATINGS, month_of
from services.visits.confirmations.schemas import MonthOut, RatingsOut
from services.visits.visitors.queries import require_own_unit
from shared.auth import Principal
from shared.uow import UnitOfWork


async def get_ratings(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> RatingsOut:
    """Of a unit in the caller's scope. A month is shown when it is over: before, each look would tell what was added since the
    last. Raises `NotFound` (unit-not-found)."""
    unit = await require_own_unit(uow, principal, unit_id)
    given, score = col(VisitRating.given), col(VisitRating.score)
    n, mean = func.sum(given), cast(func.sum(given * score), Float) / func.sum(given)
    over = select(col(VisitRating.month), n, mean).where(
        col(VisitRating.unit_id) == unit.id, col(VisitRating.month) < month_of(uow.now())
    )
    statement = over.group_by(col(VisitRating.month)).having(n >= LEAST_RATINGS).order_by(col(VisitRating.month))
    rows = await uow.session.execute(statement)
    return RatingsOut(unit_id=unit.id, months=[MonthOut(month=month, n=n, mean=round(mean, 1)) for month, n, mean in rows])
