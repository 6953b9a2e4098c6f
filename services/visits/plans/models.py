"""The table of visit plans."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Enum, Index, text
from sqlmodel import Field

from services.visits.plans.rules import PlanState, state_at
from services.visits.tables import VisitsTable
from shared.needs import NeedKind
from shared.types import enum_check

DATES = ARRAY(DateTime(timezone=True))


class VisitPlan(VisitsTable, table=True):
    """`planned_until`: visits are made up to this moment; null for a plan that does not come round, or not any more.

    `assignee_id` goes now; where there is a post, that is its holder. `suspended_until` null: until somebody resumes it; neither
    is cleared when a suspension ends by itself, so it is to be read with the time. `version` counts changes, for `If-Match`."""

    __tablename__ = "visit_plans"
    __table_args__ = (
        CheckConstraint(enum_check("need_kind", NeedKind), name="visit_plans_need_kind"),
        CheckConstraint("(need_kind IS NULL) = (need_ref IS NULL)", name="visit_plans_need"),
        Index("visit_plans_unit", "unit_id", "id"),
        Index("visit_plans_assignee", "assignee_id", "id"),
        Index("visit_plans_post", "post_id"),
        Index(
            "visit_plans_contact", "contact_id", unique=True, postgresql_where=text("contact_id IS NOT NULL AND ended_at IS NULL")
        ),
        Index("visit_plans_to_go_on", "planned_until", postgresql_where=text("planned_until IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    purpose: str
    place: str
    population: str | None = None
    need_kind: NeedKind | None = Field(default=None, sa_type=Enum(NeedKind, native_enum=False, length=32))
    need_ref: str | None = None
    template_code: str | None = None
    assignee_id: UUID
    post_id: UUID | None = Field(default=None, foreign_key="posts.id")
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
    starts_at: datetime
    rrule: str | None = None
    except_dates: list[datetime] = Field(default_factory=list, sa_type=DATES)
    extra_dates: list[datetime] = Field(default_factory=list, sa_type=DATES)
    time_zone: str
    window_days_before: int = 0
    window_days: int
    planned_until: datetime | None = None
    suspended_at: datetime | None = None
    suspended_until: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    version: int = 1
    created_by: UUID
    created_at: datetime

    def state_at(self, now: datetime) -> PlanState:
        return state_at(now, ended_at=self.ended_at, suspended_at=self.suspended_at, suspended_until=self.suspended_until)
