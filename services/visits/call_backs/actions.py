"""Drawing call-backs, and writing down what residents said."""

import secrets
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, literal, select, text
from sqlmodel import col

from services.visits.call_backs import rules
from services.visits.call_backs.models import CallBack, CallBackVisit
from services.visits.call_backs.queries import drawn_visits, find_call_back
from services.visits.call_backs.schemas import CallBackIn, ResultIn
from services.visits.errors import visit_not_found
from services.visits.visitors.queries import require_own_unit
from services.visits.visits.models import SAMPLED, Visit
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.visits import CallBackFinished
from shared.uow import UnitOfWork

SEED_BYTES = 16
DAY = timedelta(days=1)


async def draw_call_back(uow: UnitOfWork, principal: Principal, said: CallBackIn) -> CallBack:
    """A sample of the visits of a period. Raises `NotFound` (unit-not-found), `Invalid` (period-unfit), `Conflict`
    (no-visits-to-draw)."""
    rules.check_period(said.starts_on, said.ends_on)
    unit = await require_own_unit(uow, principal, said.unit_id)
    seed, now = said.seed or secrets.token_hex(SEED_BYTES), uow.now()
    drawable = (
        text(SAMPLED),
        col(Visit.unit_id).in_(uow.units.subtree(unit.id)),
        col(Visit.occurred_at) >= datetime.combine(said.starts_on, time(), UTC),
        col(Visit.occurred_at) < datetime.combine(said.ends_on, time(), UTC) + DAY,
        col(Visit.recorded_at) <= now,
    )
    population = await uow.session.scalar(select(func.count()).select_from(Visit).where(*drawable)) or 0
    if population == 0:
        raise Conflict("no-visits-to-draw", "No visit of the period was made, or refused, in this unit or below it.")
    size = rules.size_of(population, share=said.share, size=said.size)
    chosen = select(col(Visit.id)).where(*drawable).order_by(_order(seed)).limit(size)
    visit_ids = (await uow.session.scalars(chosen)).all()
    call_back = CallBack(
        id=uow.new_id(),
        unit_id=unit.id,
        starts_on=said.starts_on,
        ends_on=said.ends_on,
        seed=seed,
        population=population,
        size=len(visit_ids),
        drawn_by=principal.account,
        drawn_at=now,
    )
    uow.session.add(call_back)
    await uow.session.flush()
    uow.session.add_all(
        CallBackVisit(call_back_id=call_back.id, visit_id=visit_id, place=place) for place, visit_id in enumerate(visit_ids, 1)
    )
    await uow.session.flush()
    return call_back


def _order(seed: str) -> ColumnElement[bytes]:
    """SHA-256 of the seed followed by the visit's id, as both are shown."""
    return func.sha256(func.convert_to(literal(seed) + cast(col(Visit.id), String), "UTF8"))


async def record_result(uow: UnitOfWork, principal: Principal, call_back_id: UUID, said: ResultIn) -> CallBack:
    """What the resident of a drawn visit said. With the last result the call-back is finished: tells `CallBackFinished`.

    Raises `NotFound` (call-back-not-found, visit-not-found), `Conflict` (call-back-finished, result-given).
    """
    call_back = await find_call_back(uow, principal, call_back_id, lock=True)
    visits = await drawn_visits(uow, call_back.id)
    visit = next((visit for visit in visits if visit.visit_id == said.visit_id), None)
    if visit is None:
        raise visit_not_found()
    rules.check_result(visit.result, finished=call_back.finished_at is not None)
    visit.result = said.result
    if all(visit.result for visit in visits):
        await _finish(uow, call_back, rules.veiled(rules.add_up(visit.result for visit in visits)))
    await uow.session.flush()
    return call_back


async def _finish(uow: UnitOfWork, call_back: CallBack, said: rules.Said) -> None:
    call_back.finished_at = uow.now()
    await uow.record(
        CallBackFinished(
            call_back_id=call_back.id,
            unit_id=call_back.unit_id,
            visits=call_back.size,
            took_place=said.took_place,
            did_not_take_place=said.did_not_take_place,
            finished_at=call_back.finished_at,
        )
    )
