"""Upgrade plans as they come in and go out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.assessment.upgrade_plans.models import UpgradeAction, UpgradePlan
from services.assessment.upgrade_plans.rules import Aim, Gap, PlanState, is_overdue
from shared.types import Code, Day, In, Line, Out

MOST = 50
OWED = "owed"


class ActionIn(In):
    gap: Code = Field(description="The criterion or gate that it answers, by its code in the grade's tree.")
    text: Line = Field(description="What is done. Everybody may read it once the plan is accepted: name no person.")
    due_on: Day
    post_id: UUID | None = Field(None, description="The post that is responsible.")


class PlanIn(In):
    aim: Aim
    actions: Annotated[tuple[ActionIn, ...], Field(min_length=1, max_length=MOST)]


class PlanReturnIn(In):
    reason: Line


class DoneIn(In):
    evidence_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)] = Field(
        description="Cases, visits or files that show it: nothing is done without."
    )


class PublicGap(Out):
    code: str
    needed: float | None = Field(description="The share that the band needs; null for a gate.")


class GapOut(PublicGap):
    value: float | None


class PublicAction(Out):
    gap: str
    text: str
    due_on: date
    done_at: datetime | None


class ActionOut(PublicAction):
    id: UUID
    post_id: UUID | None
    evidence_ids: list[UUID]


class PlanHead(Out):
    unit_id: UUID
    grade_id: UUID
    aim: Aim
    due_at: datetime | None = Field(description="By when it was owed; null for one that nobody owes.")
    overdue: bool
    submitted_at: datetime | None
    accepted_at: datetime | None
    reassessed_at: datetime | None
    new_grade_id: UUID | None


class PlanOut(PlanHead):
    id: UUID
    state: PlanState
    gaps: list[GapOut]
    actions: list[ActionOut]
    decided_by_unit_id: UUID | None
    returned_reason: str | None

    @classmethod
    def of(cls, plan: UpgradePlan, actions: Sequence[UpgradeAction], now: datetime) -> Self:
        return cls.model_validate({**_whole(plan, now), "actions": [action.model_dump() for action in actions]})


class PublicPlan(PlanHead):
    """What a unit does about its grade, and by when. Never a person."""

    state: str = Field(description="`owed`: the unit has to make a plan, and none has been accepted yet.")
    gaps: list[PublicGap]
    actions: list[PublicAction]

    @classmethod
    def of(cls, plan: UpgradePlan, actions: Sequence[UpgradeAction], now: datetime) -> Self:
        return cls.model_validate({**_whole(plan, now), "actions": [action.model_dump() for action in actions]})

    @classmethod
    def owed(cls, unit_id: UUID, grade_id: UUID, due_at: datetime, gaps: Sequence[Gap], now: datetime) -> Self:
        return cls(
            unit_id=unit_id,
            grade_id=grade_id,
            aim=Aim.qualified,
            due_at=due_at,
            overdue=is_overdue(due_at, None, now),
            submitted_at=None,
            accepted_at=None,
            reassessed_at=None,
            new_grade_id=None,
            state=OWED,
            gaps=[PublicGap.model_validate(gap) for gap in gaps],
            actions=[],
        )


def _whole(plan: UpgradePlan, now: datetime) -> dict[str, object]:
    return {**plan.model_dump(), "overdue": is_overdue(plan.due_at, plan.submitted_at, now)}
