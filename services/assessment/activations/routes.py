"""When a standard begins to count."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.activations import actions
from services.assessment.activations.schemas import ActivationIn
from services.assessment.standards.schemas import StandardOut
from shared.auth import Administrator
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/standards/{standard_id}/activate", route_class=EdgeRoute, tags=["standards"])


@router.post("")
async def activate_standard(standard_id: UUID, body: ActivationIn, uow: Uow, principal: Administrator) -> StandardOut:
    """Let a draft count: its comments have ended and been answered, a dry run has finished. Running campaigns keep theirs."""
    return StandardOut.of(await actions.activate_standard(uow, principal, standard_id, body.reason))
