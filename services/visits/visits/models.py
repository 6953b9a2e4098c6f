"""The table of visits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Enum, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.visits.tables import VisitsTable
from services.visits.visits.rules import Present, VisitState
from shared.events.visits import VisitEffect
from shared.types import enum_check

UNOPENED = "state = 'planned'"
UNRECORDED = "state IN ('planned', 'ready')"
ON_CALENDAR = "(state <> 'cancelled' OR recorded_at IS NOT NULL)"
OPENED = "state = 'ready'"
UNREMINDED = f"{OPENED} AND reminded_at IS NULL"
SAMPLED = "state IN ('done', 'done_late', 'refused_by_resident')"
"""Conditions of the partial indexes, which queries repeat to the letter so that PostgreSQL uses them. What was taken off the
calendar may be put on it again; what somebody recorded as cancelled stays that. A visit made ahead stands in few of them: it is
opened before it is reminded of or missed."""

THIS_TRANSACTION = "(pg_current_xact_id()::text)::bigint"
"""Its 64-bit number, in a type that every client knows: it never comes near the sign."""


class Visit(VisitsTable, table=True):
    """Purpose, place, template and need are the plan's as they were when this visit was put on the calendar. Of a contact, whom
    and where it is stays in the contact.

    `scheduled_at` is when it occurs by the plan; its window may open before. `template_version` is that by which it was recorded.
    It counts since `counted_at`, because of `counted_by`.
    `changed`: the transaction that wrote this row last; a trigger renews it. `remind_at`: see `rules.remind_at`.
    """

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint(enum_check("state", VisitState), name="visits_state"),
        CheckConstraint(enum_check("present", Present), name="visits_present"),
        CheckConstraint(enum_check("counted_by", VisitEffect), name="visits_counted_by"),
        CheckConstraint("(counted_at IS NULL) = (counted_by IS NULL)", name="visits_counted"),
        Index("visits_plan_start", "plan_id", "scheduled_at", unique=True, postgresql_where=text(ON_CALENDAR)),
        Index("visits_post", "post_id", postgresql_where=text(f"post_id IS NOT NULL AND {UNRECORDED}")),
        Index("visits_contact", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
        Index("visits_unit", "unit_id", "id"),
        Index("visits_to_open", "window_starts_at", postgresql_where=text(UNOPENED)),
        Index("visits_to_miss", "window_ends_at", postgresql_where=text(OPENED)),
        Index("visits_sampled", "unit_id", "occurred_at", postgresql_where=text(SAMPLED)),
        Index("visits_to_remind", "remind_at", postgresql_where=text(UNREMINDED)),
        Index("visits_changes", "assignee_id", "changed", "id"),
    )

    id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(foreign_key="visit_plans.id")
    unit_id: UUID
    assignee_id: UUID
    post_id: UUID | None = Field(default=None, foreign_key="posts.id")
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
    purpose: str
    place: str
    population: str | None = None
    state: VisitState = Field(sa_type=Enum(VisitState, native_enum=False, length=32))
    scheduled_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    planned_at: datetime
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    recorded_by: UUID | None = None
    late: bool = False
    reason: str | None = None
    template_code: str | None = None
    template_version: int | None = None
    need_case_id: UUID | None = None
    answers: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    present: Present | None = Field(default=None, sa_type=Enum(Present, native_enum=False, length=32))
    counted_at: datetime | None = None
    counted_by: VisitEffect | None = Field(default=None, sa_type=Enum(VisitEffect, native_enum=False, length=32))
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    changed: int | None = Field(
        default=None, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": text(THIS_TRANSACTION)}
    )
