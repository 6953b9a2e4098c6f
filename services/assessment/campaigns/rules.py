"""When a campaign runs, and whom it measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.clock import hour_of
from shared.errors import Invalid
from shared.types import Level


class CampaignState(StrEnum):
    scheduled = "scheduled"
    running = "running"
    ended = "ended"


class ExclusionReason(StrEnum):
    """Why a unit may be left out. That it would do badly is none."""

    emergency = "emergency"
    reorganisation = "reorganisation"
    no_service_to_residents = "no_service_to_residents"
    covered_elsewhere = "covered_elsewhere"


@dataclass(frozen=True, slots=True)
class Excluded:
    """Codes of the units that a campaign leaves out: by themselves (`alone`), or with every unit below them (`trees`)."""

    alone: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()

    def holds(self, codes: Sequence[str]) -> bool:
        """Whether the unit whose path has these codes is left out."""
        return codes[-1] in self.alone or not self.trees.isdisjoint(codes)


NOBODY = Excluded()


def check_span(starts_at: datetime, ends_at: datetime) -> None:
    """Raises `Invalid` (campaign-ends-before-start)."""
    if ends_at <= starts_at:
        raise Invalid("campaign-ends-before-start", "`ends_at` must be later than `starts_at`.")


def state_at(moment: datetime, starts_at: datetime, ends_at: datetime) -> CampaignState:
    if moment < starts_at:
        return CampaignState.scheduled
    return CampaignState.running if moment < ends_at else CampaignState.ended


def measures(
    root_code: str | None, only_level: Level | None, excluded: Excluded = NOBODY, *, codes: Sequence[str], level: Level
) -> bool:
    """Whether a campaign over the subtree of `root_code`, or over everything (None), measures the unit of this `level` whose path
    has these `codes`."""
    return root_code in (None, *codes) and only_level in (None, level) and not excluded.holds(codes)


def counts_from(starts_at: datetime) -> datetime:
    """From when facts count: the hour of the start, because anonymous speakers' facts carry only their hour."""
    return hour_of(starts_at)
