"""Campaigns as they are asked for and shown."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.rules import CampaignState, state_at
from shared.types import Code, In, Line, Moment, Out


class CampaignIn(In):
    code: Code
    name: Line
    standard_id: UUID = Field(description="One version of a standard; it stays that version.")
    unit_id: UUID | None = Field(
        None, description="Only this unit and every unit below it. Left out: every unit, also those registered later."
    )
    starts_at: Moment
    ends_at: Moment


class CampaignOut(Out):
    id: UUID
    code: str
    name: str
    standard_id: UUID
    unit_id: UUID | None = Field(description="Null: every unit is covered.")
    starts_at: datetime
    ends_at: datetime
    state: CampaignState

    @classmethod
    def of(cls, campaign: Campaign, now: datetime) -> Self:
        state = state_at(now, campaign.starts_at, campaign.ends_at)
        return cls.model_validate({**campaign.model_dump(), "state": state})
