"""Activities as they come in and go out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.visits.activities.rules import ActivityState, Attendance
from services.visits.activity_templates.rules import ActivityKind
from shared.needs import Need, NeedKind
from shared.types import Code, Finite, In, Line, Moment, Out

MOST_NEEDS = 20
People = Annotated[int, Field(strict=True, ge=0, le=100_000)]


class ExpectedEffect(In):
    indicator: Code = Field(description="The template's.")
    value: Finite = Field(description="What it is expected to come to, in the template's unit of measure.")


class NewActivity(In):
    unit_id: UUID
    template_code: Code = Field(description="The newest version of this template is checked, and stays the activity's.")
    title: Line
    starts_at: Moment
    ends_at: Moment
    place: Line | None = None
    target_group: Line = Field(description="Whom it is for, as a group.")
    expected_effect: ExpectedEffect
    needs: Annotated[tuple[Need, ...], Field(max_length=MOST_NEEDS)] = Field(
        default=(), description="What it answers to. An activity without any is shown as `unlinked`."
    )


class SidesIn(In):
    officials: People
    residents: People


class ActivityRecord(In):
    """Numbers only: nobody is named."""

    participants: SidesIn
    turns: SidesIn = Field(description="How many times somebody of each side spoke.")
    effect_measured: Finite | None = Field(None, description="In the template's unit of measure.")


class ActivityCancellationIn(In):
    reason: Line


class SidesOut(Out):
    officials: int
    residents: int


class ActivityRecordOut(Out):
    participants: SidesOut
    turns: SidesOut
    official_share: float | None = Field(description="Of the turns; null where nobody spoke.")
    one_sided: bool = Field(description="Residents were there, and officials took more than 0.8 of the turns or all of them.")
    attendance: Attendance = Field(description="Against what the template expects.")
    effect_measured: float | None
    recorded_at: datetime


class ActivityEffectOut(Out):
    indicator: str
    unit_of_measure: str
    value: float


class ActivityOut(Out):
    id: UUID
    unit_id: UUID
    kind: ActivityKind
    template_code: str
    template_version: int
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str | None
    target_group: str
    expected_effect: ActivityEffectOut
    state: ActivityState
    reason: str | None
    unlinked: bool = Field(description="It answers to nothing that residents raised.")
    record: ActivityRecordOut | None
    created_by: UUID
    created_at: datetime


class LinkedNeed(Out):
    kind: NeedKind
    id_or_code: str
    linked_at: datetime


class ActivityDetail(ActivityOut):
    needs: list[LinkedNeed]


class ActivityTallyOut(Out):
    planned: int
    held: int
    cancelled: int
    linked: int
    unlinked: int = Field(description="Planned or held, and answering to nothing that residents raised.")
    share_unlinked: float | None = Field(description="Of what is planned or held; null where that is nothing.")
    one_sided: int


class UnitActivityTally(ActivityTallyOut):
    unit_id: UUID


class ActivitySummary(Out):
    total: ActivityTallyOut
    units: list[UnitActivityTally] = Field(description="Each unit that has any, from the upper ones down.")
