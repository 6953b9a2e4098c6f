"""REST of retention: what is kept how long, what the next run does, and what is held."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.feedback.cases.schemas import CaseOut
from services.feedback.retention import queries
from services.feedback.retention.actions import holding
from services.feedback.retention.schemas import (
    DueOut,
    LegalHoldIn,
    LiftingIn,
    RetentionOut,
    RetentionSimulationIn,
    RetentionSimulationOut,
)
from shared.auth import Administrator, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.types import Level

Overseeing = Annotated[Principal, Depends(Require(Role.lead, Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1/retention", route_class=EdgeRoute, tags=["retention"])
of_case = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.get("")
async def get_retention(
    uow: Uow, principal: Administrator, level: Annotated[Level | None, Query(description="Of the unit.")] = None
) -> RetentionOut:
    """How long receipts and words of a case that ends now are kept, and how far a change of the vault's keys has come.

    The terms are a practice policy: `POST /v1/practice-policies` registers the next version.
    """
    return await queries.get_retention(uow, level)


@router.get("/due")
async def list_due(uow: Uow, principal: Administrator) -> DueOut:
    """A dry run: what the next run ends and erases, and by which term."""
    return await queries.list_due(uow)


@router.post("/simulate")
async def simulate_retention(uow: Uow, principal: Administrator, body: RetentionSimulationIn) -> RetentionSimulationOut:
    """Try a changed policy on the cases that ended in a span: how many would have been promised another end. Nothing is written.

    At most a year. What was promised stays, whatever is registered.
    """
    return await queries.simulate_retention(uow, body)


@of_case.post("/{case_id}/legal-hold")
async def hold_case(uow: Uow, principal: Overseeing, case_id: UUID, body: LegalHoldIn) -> CaseOut:
    """Keep the case from being erased, for proceedings. Its speaker sees it."""
    return await holding.hold_case(uow, principal, case_id, body.motive)


@of_case.post("/{case_id}/legal-hold/lift")
async def lift_hold(uow: Uow, principal: Overseeing, case_id: UUID, body: LiftingIn) -> CaseOut:
    """Let the case be erased when its time has come."""
    return await holding.lift_hold(uow, principal, case_id, body.reason)
