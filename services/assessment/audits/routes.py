"""`/v1/campaigns/{id}/audits`: whether the evidence behind grades holds, by samples that nobody chose."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.assessment.audits import actions, queries
from services.assessment.audits.schemas import (
    AuditDetail,
    AuditedUnitDetail,
    AuditIn,
    AuditOut,
    FindingIn,
    PublicAudit,
    SettlementIn,
)
from shared.auth import Caller, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

Inspecting = Annotated[Principal, Depends(Require(Role.inspector, Role.admin))]
Auditor = Annotated[Principal, Depends(Require(Role.inspector))]
NOTHING = NothingIn()

router = APIRouter(prefix="/v1/campaigns/{campaign_id}/audits", route_class=EdgeRoute, tags=["audits"])
public_router = APIRouter(prefix="/v1/public/campaigns/{campaign_id}/audits", route_class=EdgeRoute, tags=["public"])


@router.post("", status_code=201)
async def start_audit(campaign_id: UUID, body: AuditIn, uow: Uow, principal: Inspecting) -> AuditOut:
    """Have units drawn whose grades wait for signatures, and evidence of each, by a seed that is told before.

    For administrators and inspectors outside. A unit is drawn once in a campaign.
    """
    return await queries.show_audit(uow, principal, await actions.start_audit(uow, principal, campaign_id, body))


@router.get("")
async def list_audits(
    campaign_id: UUID,
    uow: Uow,
    principal: Inspecting,
    overdue: Annotated[bool, Query(description="Only those that are not checked in time.")] = False,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[AuditOut]:
    """The audits of a campaign with what they found, oldest first."""
    return await queries.list_audits(uow, campaign_id, overdue=overdue, limit=limit, cursor=cursor)


@router.get("/{audit_id}")
async def get_audit(campaign_id: UUID, audit_id: UUID, uow: Uow, principal: Inspecting) -> AuditDetail:
    """One audit with the units that were drawn."""
    return await queries.show_audit(uow, principal, await queries.find_audit(uow, campaign_id, audit_id))


@router.get("/{audit_id}/units/{unit_id}")
async def get_audited_unit(
    campaign_id: UUID, audit_id: UUID, unit_id: UUID, uow: Uow, principal: Inspecting
) -> AuditedUnitDetail:
    """What was drawn of one unit, for those outside its chain: whoever is of it could prepare that."""
    return await queries.show_unit(uow, principal, await queries.find_audit(uow, campaign_id, audit_id), unit_id)


@router.post("/{audit_id}/units/{unit_id}/take")
async def take_audited_unit(
    campaign_id: UUID, audit_id: UUID, unit_id: UUID, uow: Uow, principal: Auditor, body: NothingIn = NOTHING
) -> AuditedUnitDetail:
    """Check this unit, as an inspector outside its chain who neither scored it nor signed; free again when it is overdue."""
    audit = await actions.take_unit(uow, principal, campaign_id, audit_id, unit_id)
    return await queries.show_unit(uow, principal, audit, unit_id)


@router.post("/{audit_id}/units/{unit_id}/findings")
async def record_finding(
    campaign_id: UUID, audit_id: UUID, unit_id: UUID, body: FindingIn, uow: Uow, principal: Auditor
) -> AuditedUnitDetail:
    """Write down whether a piece of evidence holds, as whoever took the unit."""
    audit = await actions.record_finding(uow, principal, campaign_id, audit_id, unit_id, body)
    return await queries.show_unit(uow, principal, audit, unit_id)


@router.post("/{audit_id}/units/{unit_id}/settle")
async def settle_audited_unit(
    campaign_id: UUID, audit_id: UUID, unit_id: UUID, body: SettlementIn, uow: Uow, principal: Auditor
) -> AuditedUnitDetail:
    """Decide about what does not hold, as another inspector outside: the grade is counted without it, or you say why not."""
    audit = await actions.settle_unit(uow, principal, campaign_id, audit_id, unit_id, body)
    return await queries.show_unit(uow, principal, audit, unit_id)


@public_router.get("")
async def list_public_audits(
    campaign_id: UUID, uow: Uow, principal: Caller, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PublicAudit]:
    """What was audited of a campaign's grades, and how much of it holds. Nothing rests on fewer than five pieces."""
    return await queries.list_public_audits(uow, campaign_id, limit=limit, cursor=cursor)
