"""Contacts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.visits.contacts import actions, queries
from services.visits.contacts.rules import ContactState
from services.visits.contacts.schemas import ContactOut, CoverageOut, NewContact
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/contacts", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def list_contact(uow: Uow, principal: Staff, body: NewContact) -> ContactOut:
    """Write down a household, a group or a place to ask whether they want to be visited."""
    return await queries.show_contact(uow, principal, await actions.list_contact(uow, principal, body))


@router.get("")
async def list_contacts(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    post_id: UUID | None = None,
    state: ContactState | None = None,
    overdue: Annotated[bool, Query(description="Only where the agreed rhythm has passed without a visit.")] = False,
    never_contacted: Annotated[bool, Query(description="Only whom nobody has met yet, and who did not refuse.")] = False,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[ContactOut]:
    """Contacts that you may see, oldest first, each with how long ago it was met."""
    return await queries.list_contacts(
        uow,
        principal,
        unit_id=unit_id,
        post_id=post_id,
        state=state,
        overdue=overdue,
        never_contacted=never_contacted,
        limit=limit,
        cursor=cursor,
    )


@router.get("/coverage")
async def get_coverage(uow: Uow, principal: Overseer, unit_id: UUID) -> CoverageOut:
    """How many are reached, how many never, how many are overdue; a refusal counts against nobody."""
    return await queries.get_coverage(uow, principal, unit_id)


@router.get("/{contact_id}")
async def get_contact(uow: Uow, principal: Overseer, contact_id: UUID) -> ContactOut:
    """One contact. For its visitor, its unit, and the units above; whom it is about, only for the visitor and leads."""
    return await queries.get_contact(uow, principal, contact_id)
