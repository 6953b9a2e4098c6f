"""When a campaign runs, and whom it measures."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from shared.clock import hour_of
from shared.errors import Invalid
from shared.types import Level


class CampaignState(StrEnum):
    scheduled = "scheduled"
    running = "running"
    ended = "ended"


def check_span(starts_at: datetime, ends_at: datetime) -> None:
    """Raises `Invalid` (campaign-ends-before-start)."""
    if ends_at <= starts_at:
        raise Invalid("campaign-ends-before-start", "`ends_at` must be later than `starts_at`.")


def state_at(moment: datetime, starts_at: datetime, ends_at: datetime) -> CampaignState:
    if moment < starts_at:
        return CampaignState.scheduled
    return CampaignState.running if moment < ends_at else CampaignState.ended


def measures(root_code: str, only_level: Level | None, *, codes: Collection[str], level: Level) -> bool:
    """Whether a campaign over the subtree of `root_code` measures the unit of this `level` whose path has these `codes`."""
    return root_code in codes and only_level in (None, level)


def counts_from(starts_at: datetime) -> datetime:
    """From when facts count: the hour of the start, because anonymous speakers' facts carry only their hour."""
    return hour_of(starts_at)
