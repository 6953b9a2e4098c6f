"""`/v1/units/{id}/report` and `/v1/public/units/{id}/report`: all that is known of a unit's grade, on one page to print."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from services.assessment.reports import queries
from services.assessment.reports.page import render
from services.assessment.reports.schemas import Report
from shared.auth import Caller, Known
from shared.http import EdgeRoute, Responses, Uow
from shared.languages import Language, current_language

PAGE: Responses = {200: {"description": "A page to read and to print", "content": {"text/html": {"schema": {"type": "string"}}}}}
ALWAYS = {"Vary": "Accept-Language", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
FOR_ALL, FOR_ONE = "public, max-age=60", "private, no-store"

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


async def _language(
    language: Annotated[Language | None, Query(description="As `Accept-Language` asks for when left out, else English.")] = None,
) -> Language:
    return language or current_language()


Spoken = Annotated[Language, Depends(_language)]


@router.get("/units/{unit_id}/report", tags=["units"], response_class=Response, responses=PAGE)
async def get_report(unit_id: UUID, uow: Uow, principal: Known, language: Spoken) -> HTMLResponse:
    """The report of a unit as you may know it: every figure and what is to do for those who answer for it; the evidence, the
    signatures and the decisions too for inspectors and administrators; and for the others what everybody reads."""
    return _page(await queries.get_report(uow, principal, unit_id), language, cached=FOR_ONE)


@router.get("/public/units/{unit_id}/report", tags=["public"], response_class=Response, responses=PAGE)
async def get_public_report(unit_id: UUID, uow: Uow, principal: Caller, language: Spoken) -> HTMLResponse:
    """The report of a unit for anybody, to read and to print: its grade, how it came about, what residents say, and what the unit
    does about it. Nothing rests on fewer than five residents, and no person is named."""
    return _page(await queries.get_public_report(uow, unit_id), language, cached=FOR_ALL)


def _page(report: Report, language: Language, *, cached: str) -> HTMLResponse:
    page = render(report, language)
    told = {"Content-Language": language, "Content-Security-Policy": page.policy, "Cache-Control": cached}
    return HTMLResponse(page.html, headers={**ALWAYS, **told})
