"""`/v1/alarms`: units that close suspiciously many cases at once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.alarms import actions, queries
from services.assessment.alarms.rules import AlarmDecision
from services.assessment.alarms.schemas import AlarmDecisionIn, AlarmOut, UnitAlarms
from shared.auth import Caller, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Upper = Annotated[Principal, Depends(Require(Role.lead, Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1/alarms", route_class=EdgeRoute, tags=["alarms"])
public = APIRouter(prefix="/v1/public/alarms", route_class=EdgeRoute, tags=["public"])


@router.get("")
async def list_alarms(
    uow: Uow, principal: Upper, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[AlarmOut]:
    """Alarms about your units, newest first. A unit's own lead reads them too, and does not decide them."""
    return await queries.list_alarms(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.post("/{alarm_id}/clear")
async def clear_alarm(uow: Uow, principal: Upper, alarm_id: UUID, body: AlarmDecisionIn) -> AlarmOut:
    """From above the unit: it was in order. So much on a day is usual from now on."""
    return AlarmOut.model_validate(await actions.decide_alarm(uow, principal, alarm_id, AlarmDecision.cleared, body.reason))


@router.post("/{alarm_id}/uphold")
async def uphold_alarm(uow: Uow, principal: Upper, alarm_id: UUID, body: AlarmDecisionIn) -> AlarmOut:
    """From above the unit: cases were closed to be closed."""
    return AlarmOut.model_validate(await actions.decide_alarm(uow, principal, alarm_id, AlarmDecision.upheld, body.reason))


@public.get("")
async def count_alarms(
    uow: Uow, principal: Caller, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[UnitAlarms]:
    """How many alarms there were about each unit, and what came of them."""
    return await queries.count_alarms(uow, unit_id=unit_id, limit=limit, cursor=cursor)
