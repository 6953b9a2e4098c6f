"""Which unit a chain tells next, and when. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.feedback.cases.rules import Terms
from shared.events.feedback import EscalationCause


def next_unit(terms: Terms, cause: EscalationCause, round: int, above: Sequence[UUID], told: Collection[UUID]) -> UUID | None:
    """The unit that the next step goes to, of those `above` the one that owes (nearest first); None when nobody is left.

    A duty that was not done climbs unit by unit, to each once. Reopening, from the one that the policy names, tells one unit in
    all each time: the first tells the nearest, the next the one above that.
    """
    if cause is EscalationCause.reopening:
        place = round - (terms.escalate_after_reopenings or round)
        return above[place] if not told and place < len(above) else None
    return next((unit_id for unit_id in above if unit_id not in told), None)


def climbs_at(terms: Terms, step: int, after: datetime) -> datetime | None:
    """When this step is due, `after` being the step before it, its acknowledgement, or the breach; None if there is none."""
    return terms.climbs_at(step, after)


def reason_of(cause: EscalationCause, round: int) -> str:
    """What the history keeps; `cases.wording` says it in words."""
    return f"{cause} {round}"
