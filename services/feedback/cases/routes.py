"""REST of cases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import StringConstraints

from services.feedback.cases.actions import acknowledging, judging, reopening
from services.feedback.cases.queries import exporting, listing, reading, searching
from services.feedback.cases.queries.searching import Filters, Sort, read_box
from services.feedback.cases.rules import Assistance, Channel, Kind, State
from services.feedback.cases.schemas import (
    CaseCounts,
    CaseItem,
    CaseOut,
    ConfirmationIn,
    ReopeningIn,
    TimelineEntry,
    WithdrawalIn,
)
from shared.auth import Known
from shared.events.feedback import CaseSource
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageLimit
from shared.types import Code, Moment, NothingIn, Text
from shared.uow import Works

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])

NOTHING = NothingIn()
NO_REASON = WithdrawalIn()
LongCursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before, with the same sort.")]
Search = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OfUnit = Annotated[UUID | None, Query(description="Only cases of this unit and the units below it.")]


async def get_filters(
    unit_id: OfUnit = None,
    state: Annotated[tuple[State, ...], Query(max_length=len(State), description="Any of these; may be repeated.")] = (),
    channel: Channel | None = None,
    kind: Kind | None = None,
    category: Code | None = None,
    source: CaseSource | None = None,
    assistance: Annotated[Assistance | None, Query(description="Only what an official wrote down for the speaker.")] = None,
    opened_from: Moment | None = None,
    opened_to: Annotated[Moment | None, Query(description="Only what was opened before this moment.")] = None,
    overdue: Annotated[bool, Query(description="Only where a deadline has passed and is still owed.")] = False,
    unread: Annotated[bool, Query(description="Only with messages that your side has not seen.")] = False,
    merged: Annotated[bool | None, Query(description="Only what is, or is not, answered with another case.")] = None,
    bbox: Annotated[str | None, Query(max_length=200, description="`west,south,east,north` in degrees.")] = None,
    q: Annotated[Search | None, Query(description="Words of title or body, Chinese or English; each must be there.")] = None,
) -> Filters:
    return Filters(
        unit_id=unit_id,
        states=tuple(dict.fromkeys(state)),
        channel=channel,
        kind=kind,
        category=category,
        source=source,
        assistance=assistance,
        opened_from=opened_from,
        opened_to=opened_to,
        overdue=overdue,
        unread=unread,
        merged=merged,
        box=None if bbox is None else read_box(bbox),
        words=q,
    )


Asked = Annotated[Filters, Depends(get_filters)]
SortBy = Annotated[Sort, Query(description="`due`: the next deadline first, if one runs; `endorsed`: only what was endorsed.")]


@router.get("")
async def list_cases(
    uow: Uow,
    principal: Known,
    filters: Asked,
    sort: SortBy = Sort.newest,
    limit: PageLimit = 20,
    cursor: LongCursor = None,
) -> Page[CaseItem]:
    """The cases that you may see: your own, those of your unit's scope, those escalated to your unit."""
    return await searching.find_cases(uow, principal, filters, sort=sort, limit=limit, cursor=cursor)


class CsvFile(StreamingResponse):
    media_type = "text/csv"


CSV_HEADERS = {"Content-Disposition": 'attachment; filename="cases.csv"', "Cache-Control": "no-store"}


@router.get("/export", response_class=CsvFile)
async def export_cases(request: Request, uow: Uow, principal: Known, filters: Asked, sort: SortBy = Sort.newest) -> CsvFile:
    """All the cases of the list as a CSV file for a spreadsheet, in UTF-8 and without the bodies.

    A text that a spreadsheet would take for a formula has a `'` in front.
    """
    works: Works = request.app.state.works
    return CsvFile(await exporting.export_cases(works, uow, principal, filters, sort), headers=CSV_HEADERS)


@router.get("/counts")
async def count_cases(uow: Uow, principal: Known, unit_id: OfUnit = None) -> CaseCounts:
    """How many cases you may see, in all and by state."""
    return await listing.count_cases(uow, principal, unit_id=unit_id)


@router.get("/{case_id}")
async def get_case(uow: Uow, principal: Known, case_id: UUID) -> CaseOut:
    """One case with its clocks, its escalations, and what you may do to it now."""
    return await reading.get_case(uow, principal, case_id)


@router.get("/{case_id}/timeline")
async def get_timeline(uow: Uow, principal: Known, case_id: UUID) -> list[TimelineEntry]:
    """What was done to the case, by which role, under which rule; oldest first."""
    return await reading.get_timeline(uow, principal, case_id)


@router.post("/{case_id}/acknowledge")
async def acknowledge_case(uow: Uow, principal: Known, case_id: UUID, body: NothingIn = NOTHING) -> CaseOut:
    """The unit says that it has the case."""
    return await acknowledging.acknowledge_case(uow, principal, case_id)


@router.post("/{case_id}/confirm")
async def confirm_case(uow: Uow, principal: Known, case_id: UUID, body: ConfirmationIn) -> CaseOut:
    """The speaker says whether anything changed; `resolved: false` gives the case back to the unit."""
    return await judging.confirm_case(uow, principal, case_id, body)


@router.post("/{case_id}/reopen")
async def reopen_case(uow: Uow, principal: Known, case_id: UUID, body: ReopeningIn) -> CaseOut:
    """The speaker opens a closed case again, within the window `reopenable_until`."""
    return await reopening.reopen_case(uow, principal, case_id, body.reason)


@router.post("/{case_id}/withdraw")
async def withdraw_case(uow: Uow, principal: Known, case_id: UUID, body: WithdrawalIn = NO_REASON) -> CaseOut:
    """The speaker takes the opinion back, until the case is closed; within `reopenable_until` it can be reopened."""
    return await reopening.withdraw_case(uow, principal, case_id, body.reason)
