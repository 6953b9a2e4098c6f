"""`/v1/policies/simulate`: what would differ under a changed policy."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.assessment.simulations import queries
from services.assessment.simulations.schemas import SimulationIn, SimulationOut
from shared.auth import Principal, Require, Role
from shared.http import EdgeRoute, Uow

Overseeing = Annotated[Principal, Depends(Require(Role.lead, Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1/policies", route_class=EdgeRoute, tags=["policies"])


@router.post("/simulate")
async def simulate_policy(body: SimulationIn, uow: Uow, principal: Overseeing) -> SimulationOut:
    """Replay a changed policy over the cases opened in a span, with the supplements of then: which clocks ran out, and which
    would have. Nothing is written.

    For leads, and for inspectors with a unit, over the cases of their unit and those below it. At most a year and 50,000 cases.
    """
    return await queries.simulate_policy(uow, principal, body)
