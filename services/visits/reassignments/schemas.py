"""Giving plans to somebody else, as it comes in and goes out."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.visits.reassignments.rules import MOST_PLANS, WEEKS, Obstacle
from shared.types import In, Out


class ReassignmentIn(In):
    from_assignee_id: UUID | None = Field(None, description="All plans of this account that you may change, the oldest first.")
    plan_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_PLANS)] | None = Field(None, description="Or these.")
    to_assignee_id: UUID = Field(description="Who goes from now on, in person: a plan of a post leaves the post.")
    preview: bool = Field(False, description="Say what would happen, and change nothing.")

    @model_validator(mode="after")
    def _names_plans_in_one_way(self) -> Self:
        if (self.from_assignee_id is None) == (self.plan_ids is None):
            raise PydanticCustomError("which", "give from_assignee_id or plan_ids, and not both")
        return self


class ReassignedPlan(Out):
    plan_id: UUID
    unit_id: UUID
    from_assignee_id: UUID
    visits: int = Field(description="Visits on the calendar that are not recorded and whose window has not ended.")
    obstacle: Obstacle | None = Field(description="Why the plan stays where it is.")


class Reassignment(Out):
    preview: bool
    to_assignee_id: UUID
    plans: list[ReassignedPlan]
    more: bool = Field(description=f"There are more than {MOST_PLANS} plans: these are the first; send it again for the next.")
    visits: int = Field(description="How many visits move.")
    load_before: float = Field(description=f"Visits a week of the new assignee, over the next {WEEKS} weeks.")
    load_after: float
