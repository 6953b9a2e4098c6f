"""`/v1/standards`: what units are measured against."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.standards import actions, queries
from services.assessment.standards.rules import State, changes
from services.assessment.standards.schemas import ChangesOut, StandardIn, StandardOut, WithdrawalIn
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code

router = APIRouter(prefix="/v1/standards", route_class=EdgeRoute, tags=["standards"])


@router.post("", status_code=201)
async def draft_standard(body: StandardIn, uow: Uow, principal: Administrator) -> StandardOut:
    """Draft a standard, or the next version of one. Residents comment until `comments_until`; then it can become active.

    The terms of a version never change: what comments change is drafted as the next version.
    """
    standard = await actions.draft_standard(
        uow, code=body.code, name=body.name, level=body.level, terms=body.terms(), comment_days=body.comment_days
    )
    return StandardOut.of(standard)


@router.get("")
async def list_standards(
    uow: Uow,
    principal: Known,
    code: Code | None = None,
    state: State | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[StandardOut]:
    """Every version of every standard, oldest first."""
    standards, next_cursor = await queries.list_standards(uow, code=code, state=state, limit=limit, cursor=cursor)
    return Page(items=[StandardOut.of(standard) for standard in standards], next_cursor=next_cursor)


@router.get("/{standard_id}")
async def get_standard(standard_id: UUID, uow: Uow, principal: Known) -> StandardOut:
    """One version of a standard."""
    return StandardOut.of(await queries.get_standard(uow, standard_id))


@router.get("/{standard_id}/changes")
async def get_changes(standard_id: UUID, uow: Uow, principal: Known) -> ChangesOut:
    """What would be different if this version took the place of the active one."""
    standard = await queries.get_standard(uow, standard_id)
    active = await queries.active_version(uow, standard.code)
    found = changes(active.terms if active else None, standard.terms)
    return ChangesOut(standard_id=standard.id, compared_with=active.id if active else None, changes=list(found))


@router.post("/{standard_id}/withdraw")
async def withdraw_standard(standard_id: UUID, body: WithdrawalIn, uow: Uow, principal: Administrator) -> StandardOut:
    """Give a draft up. 409 for what is no draft."""
    return StandardOut.of(await actions.withdraw_standard(uow, principal, standard_id, body.reason))
