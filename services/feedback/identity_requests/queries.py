"""Who sees a request to open an identity: who made it, who may decide it, and the speaker."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, text
from sqlmodel import col

from services.feedback.audit.actions import alias_of
from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import VISIBLE, Access, Holder, open_case, scope_of
from services.feedback.cases.rules import Party
from services.feedback.cases.sealing import unseal
from services.feedback.identity_requests.models import IdentityOpening, IdentityRequest
from services.feedback.identity_requests.rules import RequestState, state_of
from services.feedback.identity_requests.schemas import IdentityRequestOut, OpeningOut
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

DECIDERS = frozenset({Role.lead, Role.inspector})


def is_own(uow: UnitOfWork, principal: Principal, request: IdentityRequest) -> bool:
    return request.by_account == alias_of(uow, principal)


def may_decide(uow: UnitOfWork, access: Access, request: IdentityRequest) -> bool:
    """A lead or an inspector of a unit above the one that asks, who sees the case and is not its speaker; not yet whether it is
    a second person."""
    above = access.unit_id != request.unit_id and uow.units.covers(access.unit_id, request.unit_id)
    return above and access.role in DECIDERS and access.party is not Party.speaker


async def find_request(
    uow: UnitOfWork, principal: Principal, request_id: UUID, *, lock: bool = False
) -> tuple[Access, IdentityRequest]:
    """With its case, which is locked if the request is to be changed. Raises `NotFound` (identity-request-not-found)."""
    case_id = await uow.session.scalar(select(col(IdentityRequest.case_id)).where(col(IdentityRequest.id) == request_id))
    if case_id is None:
        raise _not_found()
    try:
        access = await open_case(uow, principal, case_id, lock=lock)
    except NotFound:
        raise _not_found() from None
    request = await uow.session.get_one(IdentityRequest, request_id)
    if not (is_own(uow, principal, request) or may_decide(uow, access, request)):
        raise _not_found()
    return access, request


def _not_found() -> NotFound:
    return NotFound(
        "identity-request-not-found",
        "There is no such request among those that you made or may decide. List them with GET /v1/identity-requests.",
    )


async def get_request(uow: UnitOfWork, principal: Principal, request_id: UUID) -> IdentityRequestOut:
    """Raises `NotFound` (identity-request-not-found)."""
    _, request = await find_request(uow, principal, request_id)
    return await show_request(uow, request)


async def list_requests(
    uow: UnitOfWork, principal: Principal, *, state: RequestState | None, limit: int, cursor: str | None
) -> Page[IdentityRequestOut]:
    """Those that the caller made or may decide, of cases that it sees; newest first. Raises `Invalid` (malformed-cursor)."""
    request = IdentityRequest
    statement = select(request).join(Case, col(Case.id) == col(request.case_id))
    statement = statement.where(text(VISIBLE), _concerns(uow, principal))
    if state is not None:
        statement = statement.where(_in_state(uow, state))
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(request.id) < before)
    values = (await scope_of(uow, principal)).values()
    found = await uow.session.scalars(statement.order_by(col(request.id).desc()).limit(limit + 1), values)
    rows, next_cursor = cut(found.all(), limit, lambda row: row.id)
    return Page[IdentityRequestOut](items=await show_requests(uow, rows), next_cursor=next_cursor)


def _concerns(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    made = col(IdentityRequest.by_account) == alias_of(uow, principal)
    if principal.role not in DECIDERS or principal.unit_id is None:
        return made
    below = [unit_id for unit_id in uow.units.subtree(principal.unit_id) if unit_id != principal.unit_id]
    foreign = text("cases.owner_id IS DISTINCT FROM :account AND cases.owner_id IS DISTINCT FROM :alias")
    return or_(made, and_(col(IdentityRequest.unit_id).in_(below), foreign))


def _in_state(uow: UnitOfWork, state: RequestState) -> ColumnElement[bool]:
    """The same as `state_of`."""
    approved = {RequestState.approved: True, RequestState.over: True, RequestState.rejected: False}.get(state)
    decided = col(IdentityRequest.approved).is_(approved)
    if state is RequestState.rejected:
        return decided
    stands = col(IdentityRequest.expires_at) > uow.now()
    return and_(decided, stands if state in (RequestState.pending, RequestState.approved) else ~stands)


async def list_of_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID) -> list[IdentityRequestOut]:
    """To the speaker all of them, to others those that they made or may decide; oldest first.

    Raises `NotFound` (case-not-found).
    """
    access = await open_case(uow, who, case_id)
    of_case = select(IdentityRequest).where(col(IdentityRequest.case_id) == case_id).order_by(col(IdentityRequest.id))
    requests = (await uow.session.scalars(of_case)).all()
    if isinstance(who, Principal) and access.party is not Party.speaker:
        requests = [request for request in requests if is_own(uow, who, request) or may_decide(uow, access, request)]
    return await show_requests(uow, requests)


async def show_request(uow: UnitOfWork, request: IdentityRequest) -> IdentityRequestOut:
    (shown,) = await show_requests(uow, [request])
    return shown


async def show_requests(uow: UnitOfWork, requests: Sequence[IdentityRequest]) -> list[IdentityRequestOut]:
    opening = IdentityOpening
    of_these = select(opening).where(col(opening.request_id).in_([request.id for request in requests]))
    openings = (await uow.session.scalars(of_these.order_by(col(opening.number)))).all() if requests else []
    return [
        IdentityRequestOut.model_validate(_shown(uow, request, [each for each in openings if each.request_id == request.id]))
        for request in requests
    ]


def _shown(uow: UnitOfWork, request: IdentityRequest, openings: Sequence[IdentityOpening]) -> Mapping[str, Any]:
    return {
        **request.model_dump(),
        "state": state_of(request.approved, request.expires_at, uow.now()),
        "motive": unseal(uow, request.case_id, request.motive),
        "reason": unseal(uow, request.case_id, request.reason),
        "openings": [OpeningOut.model_validate(opening) for opening in openings],
    }
