"""REST of requests to open a masked identity."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.feedback.identity_requests import actions, queries
from services.feedback.identity_requests.rules import RequestState
from services.feedback.identity_requests.schemas import (
    IdentityRequestIn,
    IdentityRequestOut,
    OpenedIdentityOut,
    RefusalIn,
)
from shared.auth import Known, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

of_case = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["identity requests"])
router = APIRouter(prefix="/v1/identity-requests", route_class=EdgeRoute, tags=["identity requests"])

InOffice = Annotated[Principal, Depends(Require(Role.official, Role.lead, Role.inspector))]
NOTHING = NothingIn()


class OpeningRoute(EdgeRoute):
    """Answers from nobody's memory: with an Idempotency-Key, a kept answer would show the identity again uncounted."""

    idempotent = False


opening = APIRouter(prefix="/v1/identity-requests", route_class=OpeningRoute, tags=["identity requests"])


@of_case.post("/{case_id}/identity-requests", status_code=201)
async def request_identity(uow: Uow, principal: Known, case_id: UUID, body: IdentityRequestIn) -> IdentityRequestOut:
    """Who works on the case asks to know who spoke in confidence. A lead or an inspector of a unit above decides within a week,
    and the speaker sees all of it."""
    return await actions.request_identity(uow, principal, case_id, body)


@of_case.get("/{case_id}/identity-requests")
async def list_case_identity_requests(uow: Uow, principal: Known, case_id: UUID) -> list[IdentityRequestOut]:
    """To the speaker, everybody who asked to know who spoke, why, who decided, and every opening; oldest first. To others, what
    they asked or may decide."""
    return await queries.list_of_case(uow, principal, case_id)


@router.get("")
async def list_identity_requests(
    uow: Uow,
    principal: InOffice,
    state: RequestState | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[IdentityRequestOut]:
    """What you asked, and what you may decide, newest first."""
    return await queries.list_requests(uow, principal, state=state, limit=limit, cursor=cursor)


@router.get("/{request_id}")
async def get_identity_request(uow: Uow, principal: InOffice, request_id: UUID) -> IdentityRequestOut:
    """One that you made or may decide."""
    return await queries.get_request(uow, principal, request_id)


@router.post("/{request_id}/approve")
async def approve_identity_request(
    uow: Uow, principal: InOffice, request_id: UUID, body: NothingIn = NOTHING
) -> IdentityRequestOut:
    """As the second person, in a unit above: who asked may open it for the hours asked for, from now on."""
    return await actions.approve_request(uow, principal, request_id)


@router.post("/{request_id}/reject")
async def reject_identity_request(uow: Uow, principal: InOffice, request_id: UUID, body: RefusalIn) -> IdentityRequestOut:
    """As the second person, in a unit above; the speaker reads the reason too."""
    return await actions.reject_request(uow, principal, request_id, body.reason)


@opening.post("/{request_id}/open")
async def open_identity_request(
    uow: Uow, principal: InOffice, request_id: UUID, response: Response, body: NothingIn = NOTHING
) -> OpenedIdentityOut:
    """See who spoke, until `expires_at`. Each opening is counted and shown to the speaker; an Idempotency-Key changes nothing
    about that."""
    response.headers["Cache-Control"] = "no-store"
    return await actions.open_request(uow, principal, request_id)
