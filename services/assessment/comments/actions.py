"""Saying something about a draft, taking it back, answering it."""

from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.comments.models import Comment
from services.assessment.comments.queries import get_comment, no_comment, pseudonym_of
from services.assessment.comments.rules import MOST, RULE, check_about, check_open
from services.assessment.comments.schemas import AnswerIn, CommentIn, CommentOut
from services.assessment.decisions.actions import record_decision
from services.assessment.standards.actions import lock_standard
from services.assessment.standards.rules import State
from shared.auth import Principal
from shared.clock import hour_of
from shared.errors import Conflict, TooMany
from shared.ids import new_id_at
from shared.uow import UnitOfWork


async def comment_on_standard(uow: UnitOfWork, principal: Principal, standard_id: UUID, said: CommentIn) -> CommentOut:
    """Kept under a pseudonym, with no finer time than the hour.

    Raises `NotFound` (standard-not-found), `Conflict` (comments-closed), `Invalid` (no-such-criterion), `TooMany`
    (comments-exhausted).
    """
    standard = await lock_standard(uow, standard_id)
    check_open(State(standard.state), standard.comments_until, uow.now())
    check_about(said.criterion, [criterion.code for criterion in standard.terms.criteria])
    pseudonym = pseudonym_of(uow, principal, standard_id)
    await _check_number(uow, standard_id, pseudonym)
    said_at = hour_of(uow.now())
    comment = Comment(
        id=new_id_at(said_at),
        standard_id=standard_id,
        pseudonym=pseudonym,
        criterion=said.criterion,
        stance=said.stance,
        words=said.text,
        said_at=said_at,
    )
    uow.session.add(comment)
    await uow.session.flush()
    return CommentOut.of(comment, pseudonym)


async def _check_number(uow: UnitOfWork, standard_id: UUID, pseudonym: bytes) -> None:
    mine = (
        select(func.count())
        .select_from(Comment)
        .where(col(Comment.standard_id) == standard_id, col(Comment.pseudonym) == pseudonym)
    )
    if (await uow.session.scalar(mine) or 0) >= MOST:
        raise TooMany("comments-exhausted", f"You have made {MOST} comments on this draft: withdraw one to make another.")


async def withdraw_comment(uow: UnitOfWork, principal: Principal, standard_id: UUID, comment_id: UUID) -> None:
    """Nothing of it is left. Only while it is unanswered, and only its own; another's is as if it were not there.

    Raises `NotFound` (comment-not-found), `Conflict` (comment-answered).
    """
    comment = await get_comment(uow, standard_id, comment_id)
    if comment.pseudonym != pseudonym_of(uow, principal, standard_id):
        raise no_comment()
    if comment.decision is not None:
        raise Conflict("comment-answered", "This comment has been answered and stays with its answer.")
    await uow.session.delete(comment)
    await uow.session.flush()


async def answer_comment(
    uow: UnitOfWork, principal: Principal, standard_id: UUID, comment_id: UUID, answer: AnswerIn
) -> CommentOut:
    """A later answer takes the place of an earlier one, until the version is active.

    Raises `NotFound` (standard-not-found, comment-not-found), `Conflict` (standard-state).
    """
    standard = await lock_standard(uow, standard_id)
    if standard.state != State.draft:
        raise Conflict("standard-state", f"This version is {standard.state}: its answers stay as they are.")
    comment = await get_comment(uow, standard_id, comment_id)
    comment.decision, comment.answer, comment.answered_at = answer.decision, answer.reason, uow.now()
    await record_decision(
        uow,
        principal,
        kind=f"comment.{answer.decision}",
        subject="comment",
        subject_id=comment.id,
        unit_id=None,
        rule=RULE,
        reason=answer.reason,
        public=True,
    )
    return CommentOut.of(comment, pseudonym_of(uow, principal, standard_id))
