"""`/v1/decisions`: the register of who decided what, by which rule."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.assessment.decisions import queries
from services.assessment.decisions.schemas import DecisionOut, PublicDecision
from shared.auth import Caller, Overseer
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


async def _filters(
    unit_id: UUID | None = None,
    kind: Annotated[Code | None, Query(description="What happened, for example `grade.published`.")] = None,
    subject: Annotated[Code | None, Query(description="What it was about, for example `grade`.")] = None,
    subject_id: UUID | None = None,
) -> dict[str, object]:
    asked = {"unit_id": unit_id, "kind": kind, "subject": subject, "subject_id": subject_id}
    return {name: value for name, value in asked.items() if value is not None}


Filters = Annotated[dict[str, object], Depends(_filters)]


@router.get("/decisions", tags=["decisions"])
async def list_decisions(
    uow: Uow, principal: Overseer, filters: Filters, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[DecisionOut]:
    """Every decision about your units, oldest first. Only inspectors and administrators see whose account decided."""
    return await queries.list_decisions(uow, principal, filters, limit=limit, cursor=cursor)


@router.get("/public/decisions", tags=["public"])
async def list_public_decisions(
    uow: Uow, principal: Caller, filters: Filters, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PublicDecision]:
    """Every decision that is published, oldest first, without the person."""
    return await queries.list_public_decisions(uow, filters, limit=limit, cursor=cursor)
