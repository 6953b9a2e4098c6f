"""Facts that assessment tells: the tree of units, and how they are graded."""

from datetime import datetime
from uuid import UUID

from shared.events.envelope import Event
from shared.types import Level


class UnitRegistered(Event, type="massline.assessment.unit.registered.v1", key="unit_id", topic="massline.assessment.units"):
    """When: a unit was registered or changed; always its whole state, so that the compacted topic holds the tree.

    Key: the unit. Consumed by feedback, visits and gateway, which keep a projection.
    """

    unit_id: UUID
    parent_id: UUID | None
    code: str
    name: str
    level: Level
    path: str
    version: int


class CampaignStarted(Event, type="massline.assessment.campaign.started.v1", key="campaign_id"):
    """When: a campaign began to measure units against its standard. Key: the campaign. Consumed by webhooks."""

    campaign_id: UUID
    standard_id: UUID
    unit_id: UUID
    starts_at: datetime
    ends_at: datetime
