"""What becomes of a research project, and what it takes to go on. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from shared.errors import Conflict, Invalid

A_DAY = timedelta(days=1)
LONGEST = timedelta(days=730)
MOST_HOURS_A_DAY = 16


class Method(StrEnum):
    interviews = "interviews"
    survey = "survey"
    visits = "visits"
    documents = "documents"
    mixed = "mixed"


class LinkKind(StrEnum):
    """What a result can rest on."""

    case = "case"
    visit = "visit"
    finding = "finding"


class ResearchState(StrEnum):
    """`answered`: every recommendation was adopted or declined; `followed_up`: what had changed was measured."""

    draft = "draft"
    running = "running"
    reported = "reported"
    answered = "answered"
    followed_up = "followed_up"
    stopped = "stopped"


TRANSITIONS: Mapping[ResearchState, frozenset[ResearchState]] = {
    ResearchState.draft: frozenset({ResearchState.running, ResearchState.stopped}),
    ResearchState.running: frozenset({ResearchState.reported, ResearchState.stopped}),
    ResearchState.reported: frozenset({ResearchState.answered}),
    ResearchState.answered: frozenset({ResearchState.followed_up}),
    ResearchState.followed_up: frozenset(),
    ResearchState.stopped: frozenset(),
}
"""What was reported cannot be stopped: its recommendations are answered, and what came of them is measured."""
REPORTED = frozenset({ResearchState.reported, ResearchState.answered, ResearchState.followed_up})
LINKABLE = frozenset({ResearchState.draft, ResearchState.running})


def move(state: ResearchState, to: ResearchState) -> ResearchState:
    """The next state. Raises `Conflict` (research-state)."""
    if to in TRANSITIONS[state]:
        return to
    following = " or ".join(sorted(TRANSITIONS[state]))
    raise Conflict("research-state", f"This research is {state}: it can become {following or 'nothing else'}, not {to}.")


def check_dates(starts_on: date, ends_on: date, follow_up_on: date) -> None:
    """Raises `Invalid` (research-dates-out-of-order, research-too-long)."""
    if not starts_on <= ends_on < follow_up_on:
        raise Invalid("research-dates-out-of-order", "`starts_on` comes first, then `ends_on`, and `follow_up_on` after both.")
    if ends_on - starts_on > LONGEST:
        raise Invalid("research-too-long", f"`ends_on` must be within {LONGEST.days} days of `starts_on`.")


def check_running(state: ResearchState) -> None:
    """Raises `Conflict` (research-not-running)."""
    if state is not ResearchState.running:
        raise Conflict("research-not-running", f"This research is {state}: that can be added only while it is running.")


def check_linkable(state: ResearchState) -> None:
    """Raises `Conflict` (research-closed)."""
    if state not in LINKABLE:
        raise Conflict("research-closed", f"This research is {state}: what it rests on stays as it was.")


def check_room(count: int, most: int, what: str) -> None:
    """Raises `Conflict` (research-full)."""
    if count >= most:
        raise Conflict("research-full", f"A research project holds at most {most} {what}.")


def check_field_day(on: date, *, starts_on: date, today: date, hours: float, others: float) -> None:
    """`others`: what the same leader spent in other projects on that day.

    Raises `Invalid` (field-day-out-of-time, day-too-long).
    """
    if not starts_on <= on <= today:
        raise Invalid("field-day-out-of-time", "`on` must lie between the beginning of the research and today.")
    if hours + others > MOST_HOURS_A_DAY:
        raise Invalid("day-too-long", f"`hours`: with what the leader spent elsewhere, a day has at most {MOST_HOURS_A_DAY}.")


def check_visit(occurred_on: date | None, on: date) -> None:
    """A visit that was made on the day `on` of wherever it was. Raises `Invalid` (visit-of-another-day)."""
    if occurred_on is None or abs(occurred_on - on) > A_DAY:
        raise Invalid("visit-of-another-day", "`visit_id`: this visit was not made on that day. Record it first if it was.")


def check_report(results: int, recommendations: int) -> None:
    """Raises `Conflict` (nothing-to-report)."""
    if not (results and recommendations):
        raise Conflict("nothing-to-report", "Add at least one result and one recommendation before you report.")


def check_by_when(by_when: date, today: date) -> None:
    """Raises `Invalid` (adopted-for-the-past)."""
    if by_when < today:
        raise Invalid("adopted-for-the-past", "`by_when` must not lie in the past.")


def check_measured(measured_on: date, *, answered_on: date, today: date) -> None:
    """Raises `Invalid` (measured-out-of-time)."""
    if not answered_on <= measured_on <= today:
        raise Invalid(
            "measured-out-of-time", "`measured_on` must lie between the day of the last answer to a recommendation and today."
        )


def is_overdue(state: ResearchState, follow_up_on: date, today: date) -> bool:
    """Whether it was to be followed up by now."""
    return today > follow_up_on and state not in (ResearchState.followed_up, ResearchState.stopped, ResearchState.draft)
