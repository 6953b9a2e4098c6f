"""Reading call-backs. Inspectors and administrators see which visits were drawn and what was said of each; officials and leads
see counts, because whoever knows what is drawn can prepare it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.visits.call_backs.models import CallBack, CallBackVisit
from services.visits.call_backs.rules import Result, Said, add_up, veiled
from services.visits.call_backs.schemas import CallBackDetail, CallBackOut, CalledVisitOut, DisputeOut
from services.visits.confirmations.models import DISPUTED, Confirmation
from services.visits.errors import call_back_not_found
from services.visits.visitors.queries import in_scope
from services.visits.visits.models import Visit
from shared.auth import Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

NOTHING = Said(None, None)


async def find_call_back(uow: UnitOfWork, principal: Principal, call_back_id: UUID, *, lock: bool = False) -> CallBack:
    """Raises `NotFound` (call-back-not-found)."""
    scope = await in_scope(uow, principal, col(CallBack.unit_id))
    statement = select(CallBack).where(col(CallBack.id) == call_back_id, scope)
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise call_back_not_found()
    return found


async def list_call_backs(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[CallBackOut]:
    """Of the caller's units, oldest first."""
    scope = await in_scope(uow, principal, col(CallBack.unit_id))
    statement = select(CallBack).where(scope).order_by(col(CallBack.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(CallBack.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(CallBack.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda call_back: call_back.id)
    drawn = await _drawn(uow, [call_back.id for call_back in rows])
    items = [CallBackOut.model_validate(_fields(principal, call_back, drawn[call_back.id])) for call_back in rows]
    return Page(items=items, next_cursor=following)


async def show_call_back(uow: UnitOfWork, principal: Principal, call_back: CallBack) -> CallBackDetail:
    """As the caller, who may see it, sees it."""
    visits = (await _drawn(uow, [call_back.id]))[call_back.id]
    shown = {"seed": call_back.seed, "visits": [CalledVisitOut.model_validate(visit) for visit in visits]}
    hidden = {"seed": None, "visits": None}
    return CallBackDetail.model_validate({**_fields(principal, call_back, visits), **(shown if _inspects(principal) else hidden)})


async def list_disputes(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[DisputeOut]:
    """Visits of which residents said that they did not take place, in the order in which they were planned."""
    statement = (
        select(Visit)
        .join(Confirmation, col(Confirmation.visit_id) == col(Visit.id))
        .where(text(DISPUTED), await in_scope(uow, principal, col(Visit.unit_id)))
        .order_by(col(Visit.id))
        .limit(limit + 1)
    )
    if unit_id is not None:
        statement = statement.where(col(Visit.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Visit.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda visit: visit.id)
    return Page(
        items=[DisputeOut.model_validate({**visit.model_dump(), "visit_id": visit.id}) for visit in rows], next_cursor=following
    )


async def drawn_visits(uow: UnitOfWork, call_back_id: UUID) -> Sequence[CallBackVisit]:
    """In the order of the drawing."""
    return (await _drawn(uow, [call_back_id]))[call_back_id]


async def _drawn(uow: UnitOfWork, call_back_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[CallBackVisit]]:
    statement = select(CallBackVisit).where(col(CallBackVisit.call_back_id).in_(call_back_ids)).order_by(col(CallBackVisit.place))
    found: dict[UUID, list[CallBackVisit]] = {call_back_id: [] for call_back_id in call_back_ids}
    for visit in await uow.session.scalars(statement):
        found[visit.call_back_id].append(visit)
    return found


def _fields(principal: Principal, call_back: CallBack, visits: Sequence[CallBackVisit]) -> dict[str, object]:
    said = _said(principal, call_back, [visit.result for visit in visits])
    return {**call_back.model_dump(), **said._asdict()}


def _said(principal: Principal, call_back: CallBack, results: Sequence[Result | None]) -> Said:
    """Units see it at the end alone: before, each look would tell what the last resident said."""
    said = add_up(results)
    if _inspects(principal):
        return said
    return veiled(said) if call_back.finished_at else NOTHING


def _inspects(principal: Principal) -> bool:
    return principal.role in (Role.inspector, Role.admin)
