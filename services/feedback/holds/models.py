"""Table of holds: what is not published for now, and why. Anybody may read it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from services.feedback.cases.rules import Channel
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.events.feedback import HoldDecision, HoldReason
from shared.types import enum_check


class Hold(FeedbackTable, table=True):
    """Of the opinions of a unit and channel that were opened from `held_from` to before `held_until`, until it is released.

    All its times but `decided_at`, and its id, tell the hour only: they follow from what may have been said anonymously.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint(enum_check("channel", Channel), name="holds_channel"),
        CheckConstraint(enum_check("reason", HoldReason), name="holds_reason"),
        CheckConstraint(enum_check("decision", HoldDecision), name="holds_decision"),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decision_reason IS NULL)",
            name="holds_decided_whole",
        ),
        UniqueConstraint("unit_id", "channel", "held_from", name="holds_once"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    channel: Channel = Field(sa_type=text_of(Channel))
    held_from: datetime = Field(sa_type=UTC_TIME)
    held_until: datetime = Field(sa_type=UTC_TIME)
    reason: HoldReason = Field(sa_type=text_of(HoldReason))
    opinions: int
    usual: float
    placed_at: datetime = Field(sa_type=UTC_TIME)
    decision: HoldDecision | None = Field(default=None, sa_type=text_of(HoldDecision))
    decided_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    decided_by_unit_id: UUID | None = None
    decision_reason: str | None = None
