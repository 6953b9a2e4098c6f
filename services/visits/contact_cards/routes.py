"""Contact cards over HTTP. The card stands in bodies only, never in a URL."""

from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.contact_cards import actions, queries
from services.visits.contact_cards.schemas import CardOut, CardSuspension, CardTerms, IssuedCard, Shown
from shared.auth import Staff, get_caller
from shared.http import EdgeRoute, QueryRoute, Uow
from shared.types import NothingIn

NOTHING = NothingIn()

of_contacts = APIRouter(prefix="/v1/contacts", route_class=EdgeRoute, tags=["visits"])
reading = APIRouter(prefix="/v1/contact-cards", route_class=QueryRoute, tags=["visits"], dependencies=[Depends(get_caller)])
router = APIRouter(prefix="/v1/contact-cards", route_class=EdgeRoute, tags=["visits"], dependencies=[Depends(get_caller)])


@of_contacts.post("/{contact_id}/card", status_code=201)
async def issue_card(uow: Uow, principal: Staff, contact_id: UUID, body: NothingIn = NOTHING) -> IssuedCard:
    """A card to hand to the resident, who then chooses without an account. A new one voids the older."""
    return await actions.issue_card(uow, principal, contact_id)


@reading.post("/open")
async def open_card(uow: Uow, body: Shown) -> CardOut:
    """How you are visited, and when next. A wrong card and one that was never issued are answered alike."""
    return await queries.open_card(uow, body.card)


@router.post("/choose")
async def choose_by_card(uow: Uow, body: CardTerms) -> CardOut:
    """You want visits, this often, there, and with that companion: visits to come follow."""
    return await queries.show_card(uow, await actions.choose_by_card(uow, body))


@router.post("/refuse")
async def refuse_by_card(uow: Uow, body: Shown) -> CardOut:
    """You want no visits. No reason is asked, and it counts against nobody."""
    return await queries.show_card(uow, await actions.refuse_by_card(uow, body.card))


@router.post("/suspend")
async def suspend_by_card(uow: Uow, body: CardSuspension) -> CardOut:
    """You want none for a while; afterwards visits are owed again."""
    return await queries.show_card(uow, await actions.suspend_by_card(uow, body.card, body.until))


@router.post("/resume")
async def resume_by_card(uow: Uow, body: Shown) -> CardOut:
    """You want visits again."""
    return await queries.show_card(uow, await actions.resume_by_card(uow, body.card))
