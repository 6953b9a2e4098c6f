"""Comments as they are made and shown."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from services.assessment.comments.models import Comment
from services.assessment.comments.rules import Decision, Stance
from shared.types import Body, Code, In, Out

Words = Annotated[Body, StringConstraints(max_length=4000)]


class CommentIn(In):
    criterion: Code | None = Field(None, description="The criterion that it is about; null for the standard as a whole.")
    stance: Stance
    text: Words = Field(description="Everybody with an account reads it, without your name: name nobody in it.")


class AnswerIn(In):
    decision: Decision
    reason: Words = Field(description="What the standard does with it, and why; everybody reads it.")


class CommentOut(Out):
    id: UUID
    standard_id: UUID
    criterion: str | None
    stance: Stance
    text: str
    said_at: datetime = Field(description="The full hour.")
    mine: bool
    decision: Decision | None
    reason: str | None
    answered_at: datetime | None

    @classmethod
    def of(cls, comment: Comment, mine: bytes) -> Self:
        return cls(
            id=comment.id,
            standard_id=comment.standard_id,
            criterion=comment.criterion,
            stance=comment.stance,
            text=comment.words,
            said_at=comment.said_at,
            mine=comment.pseudonym == mine,
            decision=comment.decision,
            reason=comment.answer,
            answered_at=comment.answered_at,
        )
