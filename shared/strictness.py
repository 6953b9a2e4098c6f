"""Which of two spans is stricter, and which of several counts.

Whether a supplement may be registered is decided before any case is there, so conservatively: a span counts as no longer than
another only where it is over first whenever they start and whatever the calendar. Which one counts for a case is decided exactly,
by when each is over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf
from typing import NamedTuple

from shared.policies import WINDOWS, CasePolicy, Supplement
from shared.working_time import WORKING, Span, SpanUnit, WorkingCalendar

Source = CasePolicy | Supplement

DAY_HOURS = 24
CLOCKS_CHANGE = 2
"""Hours by which some days together are at most longer or shorter than 24 each, because clocks are changed."""
ROUND_THE_CLOCK_UNITS = {SpanUnit.working_hours: SpanUnit.hours, SpanUnit.working_days: SpanUnit.days}


def never_longer(span: Span, other: Span) -> bool:
    """Whether `span` is over when `other` is, from whichever moment they start and by whatever calendar."""
    if span.unit is other.unit:
        return span.amount <= other.amount
    return _most_hours(span) <= _fewest_hours(other)


def _most_hours(span: Span) -> float:
    """What works seldom may take for ever."""
    if span.amount == 0 or span.unit is SpanUnit.hours:
        return span.amount
    return inf if span.unit in WORKING else span.amount * DAY_HOURS + CLOCKS_CHANGE


def _fewest_hours(span: Span) -> float:
    """One working day may be over within the hour: the first is the rest of it."""
    if span.unit in (SpanUnit.hours, SpanUnit.working_hours):
        return span.amount
    days = span.amount - 1 if span.unit is SpanUnit.working_days else span.amount
    return max(0, days * DAY_HOURS - CLOCKS_CHANGE)


def without_calendar(span: Span) -> Span:
    """What the span comes to under a policy without a calendar: every hour works."""
    return Span(amount=span.amount, unit=ROUND_THE_CLOCK_UNITS.get(span.unit, span.unit))


def stricter_or_equal(term: str, span: Span, than: Span) -> bool:
    """Surely no worse for residents: what they have may only grow, what units have only shrink."""
    return never_longer(than, span) if term in WINDOWS else never_longer(span, than)


class Choice(NamedTuple):
    """What counts of a term: the `span` that this policy or supplement says, over at `ends_at`."""

    span: Span
    ends_at: datetime
    source: Source

    @property
    def label(self) -> str:
        return self.source.label


def strictest(sources: Sequence[Source], term: str, start: datetime, calendar: WorkingCalendar) -> Choice | None:
    """Of what these say of the term, what is best for residents from `start` on; of equals the first. None: nobody says any."""
    best: Choice | None = None
    for source in sources:
        span = source.rules.spans.get(term)
        if span is not None:
            ends_at = calendar.add(start, span)
            if best is None or (ends_at > best.ends_at if term in WINDOWS else ends_at < best.ends_at):
                best = Choice(span, ends_at, source)
    return best


def fewest_reopenings(sources: Iterable[Source]) -> tuple[int, str] | None:
    """From which reopening on the units above are told, and who says so; None: reopening alone tells nobody."""
    said = [(source.rules.escalate_after_reopenings, source.label) for source in sources]
    return min(((number, label) for number, label in said if number is not None), key=lambda each: each[0], default=None)
