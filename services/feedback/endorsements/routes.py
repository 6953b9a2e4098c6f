"""REST of endorsements, and of the cases that others may read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.feedback.endorsements import actions, queries
from services.feedback.endorsements.rules import pseudonym
from services.feedback.endorsements.schemas import SharedCaseOut
from shared.auth import Known, Resident
from shared.http import EdgeRoute, Uow
from shared.types import NothingIn

NOTHING = NothingIn()


async def get_pepper(request: Request) -> bytes:
    pepper: str = request.app.state.settings.pepper.get_secret_value()
    return pepper.encode()


Pepper = Annotated[bytes, Depends(get_pepper)]

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])
reading = APIRouter(prefix="/v1/shared-cases", route_class=EdgeRoute, tags=["cases"])


@router.post("/{case_id}/endorse")
async def endorse_case(uow: Uow, principal: Resident, pepper: Pepper, case_id: UUID, body: NothingIn = NOTHING) -> SharedCaseOut:
    """You have the same concern. It counts once, and nobody is told who you are."""
    return await actions.endorse_case(uow, principal, pepper, case_id)


@router.post("/{case_id}/unendorse")
async def unendorse_case(
    uow: Uow, principal: Resident, pepper: Pepper, case_id: UUID, body: NothingIn = NOTHING
) -> SharedCaseOut:
    """Take your endorsement back."""
    return await actions.unendorse_case(uow, principal, pepper, case_id)


@reading.get("/{case_id}")
async def get_shared_case(uow: Uow, principal: Known, pepper: Pepper, case_id: UUID) -> SharedCaseOut:
    """A case whose speaker lets others read it, and what became of it."""
    return await queries.get_shared_case(uow, case_id, pseudonym(pepper, case_id, principal.account))
