"""What the cases that a visit serves show of it. Pure."""

from datetime import datetime

from shared.clock import hour_of
from shared.events.visits import VisitEffect


def effect_of(
    *, occurred_at: datetime, named: bool, opened_at: datetime | None, answered_at: datetime | None
) -> VisitEffect | None:
    """What a case shows: that it was filed at the visit or later (`named` by the record), or answered since.

    Of an anonymous case only the hour is known, so no more than the hour is asked of any.
    """
    if named and opened_at is not None and opened_at.date() >= occurred_at.date():
        return VisitEffect.case
    if answered_at is not None and answered_at >= hour_of(occurred_at):
        return VisitEffect.answer
    return None
