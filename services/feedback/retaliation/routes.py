"""REST of the watch: for speakers with an account, and for those who look into a report. Receipts have theirs in `protection`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.feedback.retaliation import queries
from services.feedback.retaliation.actions import inspecting, speaking
from services.feedback.retaliation.rules import ReportState
from services.feedback.retaliation.schemas import (
    CheckedIn,
    CheckInIn,
    InspectedReport,
    ReportDecisionIn,
    ReportItem,
    ReportOut,
    RetaliationIn,
    WatchOut,
)
from shared.auth import Known, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn
from shared.uow import Works

NOTHING = NothingIn()
Inspecting = Annotated[Principal, Depends(Require(Role.lead, Role.inspector))]
InState = Annotated[ReportState | None, Query(description="Only reports in this state.")]
Overdue = Annotated[bool | None, Query(description="Only those whose present deadline has, or has not, passed.")]

speaker = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])
router = APIRouter(prefix="/v1/retaliation-reports", route_class=EdgeRoute, tags=["retaliation reports"])


@speaker.get("/{case_id}/watch")
async def get_watch(uow: Uow, principal: Known, case_id: UUID) -> WatchOut:
    """How long you are watched over, and what became of your reports. For everybody but the speaker there is nothing here."""
    return await queries.get_watch(uow, principal, case_id)


@speaker.post("/{case_id}/check-in")
async def check_in(uow: Uow, principal: Known, case_id: UUID, body: CheckInIn) -> CheckedIn:
    """Say whether nobody harms you because you spoke. If somebody does, the answer says how to report it."""
    return await speaking.check_in(uow, principal, case_id, safe=body.safe)


@speaker.post("/{case_id}/retaliation", status_code=201)
async def report_retaliation(uow: Uow, principal: Known, case_id: UUID, body: RetaliationIn) -> ReportOut:
    """Report that somebody harms or threatens you because you spoke; also when the case is closed, until the watch ends.

    It goes past the unit of your case to a unit above, whose lead and inspectors alone read it. `readers` says who.
    """
    return await speaking.report_retaliation(uow, principal, case_id, body)


@router.get("")
async def list_reports(
    uow: Uow,
    principal: Inspecting,
    state: InState = None,
    overdue: Overdue = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> Page[ReportItem]:
    """The reports of retaliation that your unit looks into, or that climbed to it; newest first."""
    return await queries.list_reports(uow, principal, state=state, overdue=overdue, limit=limit, cursor=cursor)


@router.get("/{report_id}")
async def get_report(request: Request, uow: Uow, principal: Inspecting, report_id: UUID) -> InspectedReport:
    """One report, with what was said in its case. The units that it is about cannot see that there is one. That you read it is
    written into the audit log."""
    works: Works = request.app.state.works
    return await queries.get_report(works, uow, principal, report_id)


@router.post("/{report_id}/acknowledge")
async def acknowledge_report(uow: Uow, principal: Inspecting, report_id: UUID, body: NothingIn = NOTHING) -> InspectedReport:
    """Your unit has it and looks into it. Not within seven days, and the next unit above reads it too."""
    return await inspecting.acknowledge_report(uow, principal, report_id)


@router.post("/{report_id}/decide")
async def decide_report(uow: Uow, principal: Inspecting, report_id: UUID, body: ReportDecisionIn) -> InspectedReport:
    """Say whether a unit retaliated, which, and why. A unit that did is graded unqualified for a year."""
    return await inspecting.decide_report(uow, principal, report_id, body)
