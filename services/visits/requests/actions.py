"""Answering residents who asked to be visited."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.cases.models import KnownCase
from services.visits.errors import request_not_found
from services.visits.plans.actions.planning import plan_visits
from services.visits.plans.schemas import NewPlan
from services.visits.requests import rules
from services.visits.requests.models import VisitRequest
from services.visits.requests.queries import visible
from services.visits.requests.rules import AFTER_VISIT, OWED, PLACE, PURPOSE, RequestState
from services.visits.requests.schemas import RequestPlan
from services.visits.visits.actions import cancel_ahead
from services.visits.visits.models import Visit
from services.visits.visits.rules import VisitState
from shared.auth import Principal
from shared.events.visits import CancelCause, VisitRequestAnswered
from shared.languages import current_language
from shared.needs import Need, NeedKind
from shared.uow import UnitOfWork


async def ask_for_visit(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, requested_at: datetime) -> None:
    """A resident asked to be visited."""
    request = await _hear(uow, case_id, unit_id)
    request.requested_at = requested_at
    _owe(request)


async def hand_over_request(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, count: int) -> None:
    """Another unit owes the case, and so the visit; the one that is planned stays."""
    request = await _hear(uow, case_id, unit_id)
    if count > request.hand_overs:
        request.unit_id, request.hand_overs = unit_id, count


async def withdraw_request(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, withdrawn_at: datetime) -> None:
    """The resident took the case back: nobody is to come any more, unless they have reopened it since. Tells `VisitCancelled` of
    a visit that was to be."""
    request = await _hear(uow, case_id, unit_id)
    known = await _known(uow, case_id)
    if known.reopened_at is not None and known.reopened_at > withdrawn_at:
        _come_back(request, known.reopened_at)
    elif request.state in OWED:
        request.state = RequestState.withdrawn
        if request.plan_id is not None:
            visits = col(Visit.plan_id) == request.plan_id
            await cancel_ahead(uow, visits, cause=CancelCause.plan_ended, opened_too=True)


async def take_request_up(uow: UnitOfWork, *, case_id: UUID, unit_id: UUID, reopened_at: datetime) -> None:
    """The resident reopened the case that they had taken back: somebody is to come after all, in as much time as at first."""
    request = await _hear(uow, case_id, unit_id)
    known = await _known(uow, case_id)
    if request.state is RequestState.withdrawn and (known.withdrawn_at is None or known.withdrawn_at <= reopened_at):
        request.state = RequestState.open
        _come_back(request, reopened_at)


def _come_back(request: VisitRequest, at: datetime) -> None:
    request.came_back_at = at
    _owe(request)


def _owe(request: VisitRequest) -> None:
    """Once it is known when it was asked for."""
    if request.requested_at is not None:
        request.due_at = rules.due_at(max(request.requested_at, request.came_back_at or request.requested_at))


async def _known(uow: UnitOfWork, case_id: UUID) -> KnownCase:
    return await uow.session.get_one(KnownCase, case_id, populate_existing=True)


async def _hear(uow: UnitOfWork, case_id: UUID, unit_id: UUID) -> VisitRequest:
    """The locked row of a case, begun by whichever fact comes first."""
    values = {"case_id": case_id, "unit_id": unit_id, "hand_overs": 0, "state": RequestState.open}
    await uow.session.execute(insert(VisitRequest).values(values).on_conflict_do_nothing())
    return await uow.session.get_one(VisitRequest, case_id, with_for_update=True)


async def plan_requested_visit(uow: UnitOfWork, principal: Principal, case_id: UUID, wanted: RequestPlan) -> VisitRequest:
    """Plan the visit that was asked for, as one that answers to the case. Tells `VisitPlanned`.

    Raises `NotFound`, `Invalid`, and `Conflict` for a request that is not open.
    """
    request = await _lock(uow, principal, case_id)
    request.state = rules.move(request.state, RequestState.planned)
    language = current_language()
    need = Need(kind=NeedKind.case, id_or_code=str(case_id))
    common = {"unit_id": request.unit_id, "purpose": PURPOSE[language], "place": PLACE[language], "need": need}
    plan = await plan_visits(uow, principal, NewPlan.model_validate({**common, **wanted.model_dump()}))
    request.plan_id = plan.id
    await uow.session.flush()
    return request


async def decline_request(uow: UnitOfWork, principal: Principal, case_id: UUID, reason: str) -> VisitRequest:
    """No visit will be made. Tells `VisitRequestAnswered`. Raises `NotFound`, and `Conflict` for a request that is not open."""
    request = await _lock(uow, principal, case_id)
    request.declined_reason = reason
    await _answer(uow, request, RequestState.declined)
    await uow.session.flush()
    return request


async def _lock(uow: UnitOfWork, principal: Principal, case_id: UUID) -> VisitRequest:
    found = select(VisitRequest).where(col(VisitRequest.case_id) == case_id, await visible(uow, principal))
    request = await uow.session.scalar(found.with_for_update())
    if request is None:
        raise request_not_found()
    return request


async def follow_visit(uow: UnitOfWork, *, plan_id: UUID, became: VisitState) -> None:
    """What became of a visit decides about the request that it answers to. Tells `VisitRequestAnswered`."""
    statement = select(VisitRequest).where(col(VisitRequest.plan_id) == plan_id).with_for_update()
    request = await uow.session.scalar(statement)
    if request is None or AFTER_VISIT[became] not in rules.TRANSITIONS[request.state]:
        return
    if AFTER_VISIT[became] is RequestState.open:
        request.state = RequestState.open
    else:
        await _answer(uow, request, AFTER_VISIT[became])


async def _answer(uow: UnitOfWork, request: VisitRequest, outcome: RequestState) -> None:
    request.state = rules.move(request.state, outcome)
    request.answered_at = now = uow.now()
    in_time = request.due_at is not None and now <= request.due_at
    await uow.record(
        VisitRequestAnswered(case_id=request.case_id, unit_id=request.unit_id, outcome=outcome, in_time=in_time, answered_at=now)
    )
