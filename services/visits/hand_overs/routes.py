"""Hand-overs over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.contacts.queries import show_contact
from services.visits.contacts.schemas import ContactChange
from services.visits.hand_overs import actions, queries
from services.visits.hand_overs.schemas import ContactChanged, HandOver, HandOverOut
from shared.auth import Overseer, Principal, Require, Role, Staff
from shared.http import EdgeRoute, Uow

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

of_contacts = APIRouter(prefix="/v1/contacts", route_class=EdgeRoute, tags=["visits"])
router = APIRouter(prefix="/v1/posts", route_class=EdgeRoute, tags=["visits"])


@router.get("/{post_id}/hand-over")
async def foresee(uow: Uow, principal: Overseer, post_id: UUID) -> HandOverOut:
    """What would go with the post to its next holder. Nothing is done by this."""
    return await queries.foresee(uow, principal, post_id)


@router.post("/{post_id}/hand-over")
async def hand_over_post(uow: Uow, principal: Leader, post_id: UUID, body: HandOver) -> HandOverOut:
    """Give the post to somebody else, with its contacts, its plans, the visits still to be made, what was promised, and the
    findings still to be seen through."""
    return await actions.hand_over_post(uow, principal, post_id, body.holder_id)


@of_contacts.patch("/{contact_id}")
async def change_contact(uow: Uow, principal: Staff, contact_id: UUID, body: ContactChange) -> ContactChanged:
    """What it is known by, where it is, and which post visits it: another one makes its visits to come."""
    contact, given = await actions.change_contact(uow, principal, contact_id, body)
    plan = {**given.plan.model_dump(), "visits": given.visits} if given else None
    shown = await show_contact(uow, principal, contact)
    return ContactChanged.model_validate({**dict(shown), "plan": plan})
