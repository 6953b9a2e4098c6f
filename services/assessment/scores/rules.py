"""Who may score a unit, as which part of its assessment, and what scores add up to."""

from dataclasses import dataclass
from enum import StrEnum

from services.assessment.campaigns.rules import CampaignState
from services.assessment.units.rules import covers
from shared.errors import Conflict, Forbidden
from shared.events.assessment import Part

MOST_POINTS = 100
RULES = {Part.self: "scores.self.v1", Part.inspector: "scores.inspector.v1"}
"""By which rule somebody was let score."""


class EvidenceKind(StrEnum):
    case = "case"
    visit = "visit"
    finding = "finding"
    activity = "activity"
    outcome = "outcome"
    document = "document"


@dataclass(frozen=True, slots=True)
class Points:
    """What `n` people gave, each 0 to 100, in all."""

    total: int
    n: int


def part_of(*, inspects: bool) -> Part:
    return Part.inspector if inspects else Part.self


def check_part(asked: Part, part: Part) -> None:
    """Raises `Forbidden` (part-not-yours)."""
    if asked is not part:
        raise Forbidden("part-not-yours", f"With your role you score as `{part}`: send that as `part`, or leave it to others.")


def check_standing(part: Part, own_path: str | None, path: str) -> None:
    """Whether somebody of the unit at `own_path`, None for one of no unit, may score the unit at `path`: its own people as
    `self`, and as `inspector` whoever is neither in it nor above or below it.

    Raises `Forbidden` (score-not-yours, inspector-in-chain).
    """
    if part is Part.self:
        if own_path != path:
            raise Forbidden("score-not-yours", "Only the unit's own lead and officials assess it themselves.")
    elif own_path is not None and (covers(own_path, path) or covers(path, own_path)):
        raise Forbidden(
            "inspector-in-chain",
            "You belong to this unit, or to one above or below it: leave it to an inspector from outside that chain.",
        )


def check_running(state: CampaignState) -> None:
    """Raises `Conflict` (campaign-not-running)."""
    if state is not CampaignState.running:
        raise Conflict("campaign-not-running", f"This campaign is {state}: scores are given and withdrawn only while it runs.")


def check_counting(*, counts: bool, withdrawn: bool) -> None:
    """Only what counts can be withdrawn. Raises `Conflict` (score-withdrawn, score-overtaken)."""
    if withdrawn:
        raise Conflict("score-withdrawn", "This score is withdrawn already; give another one in its place if you want.")
    if not counts:
        raise Conflict("score-overtaken", "You gave a newer score for this criterion: withdraw that one.")
