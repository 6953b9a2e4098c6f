"""Comments on the draft of a standard."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.assessment.comments import actions, queries
from services.assessment.comments.schemas import AnswerIn, CommentIn, CommentOut
from shared.auth import Administrator, Known, Resident
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

NOTHING = NothingIn()

router = APIRouter(prefix="/v1/standards/{standard_id}/comments", route_class=EdgeRoute, tags=["standards"])


@router.post("", status_code=201)
async def comment_on_standard(standard_id: UUID, body: CommentIn, uow: Uow, principal: Resident) -> CommentOut:
    """Say what a draft should keep, change or drop. Every comment is answered before the standard can become active.

    It is shown without your name, and kept so that nobody can put together what you said of several drafts.
    """
    return await actions.comment_on_standard(uow, principal, standard_id, body)


@router.get("")
async def list_comments(
    standard_id: UUID,
    uow: Uow,
    principal: Known,
    unanswered: Annotated[bool, Query(description="Only those that have no answer yet.")] = False,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[CommentOut]:
    """The comments on a version with their answers, oldest first."""
    return await queries.list_comments(uow, principal, standard_id, unanswered=unanswered, limit=limit, cursor=cursor)


@router.post("/{comment_id}/answer")
async def answer_comment(standard_id: UUID, comment_id: UUID, body: AnswerIn, uow: Uow, principal: Administrator) -> CommentOut:
    """Say what becomes of a comment, and why."""
    return await actions.answer_comment(uow, principal, standard_id, comment_id, body)


@router.post("/{comment_id}/withdraw", status_code=204)
async def withdraw_comment(standard_id: UUID, comment_id: UUID, uow: Uow, principal: Resident, body: NothingIn = NOTHING) -> None:
    """Take your own comment back; nothing of it is left. 409 once it has been answered."""
    await actions.withdraw_comment(uow, principal, standard_id, comment_id)
