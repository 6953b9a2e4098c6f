"""Which span is stricter: conservatively before there is a case, exactly once there is one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import NotFound
from shared.policies import SHIPPED, WINDOWS, Channel, PolicyBook, Supplement, SupplementRules, label_of
from shared.strictness import fewest_reopenings, never_longer, stricter_or_equal, strictest, without_calendar
from shared.types import Level
from shared.working_time import ROUND_THE_CLOCK, Span, SpanUnit, Week, WorkingCalendar, WorkingHours
from tests.feedback.policies import BERLIN, NEW_YORK, SHANGHAI, span

SPACE = UUID("00000000-0000-7000-8000-000000000000")
START = datetime(2026, 3, 2, tzinfo=UTC)
CALENDARS = [ROUND_THE_CLOCK, *map(WorkingCalendar, (SHANGHAI, BERLIN, NEW_YORK))]
SPANS = st.builds(Span, amount=st.integers(0, 120), unit=st.sampled_from(SpanUnit))
STARTS = st.integers(0, 365 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


def of(amount: int, unit: str) -> Span:
    return Span.model_validate(span(amount, unit))


COMPARED = [
    ((3, "days"), (3, "days"), True),
    ((4, "days"), (3, "days"), False),
    ((3, "working_days"), (4, "working_days"), True),
    ((5, "working_hours"), (4, "working_hours"), False),
    ((12, "hours"), (1, "days"), True),
    ((22, "hours"), (1, "days"), True),
    ((23, "hours"), (1, "days"), False),
    ((1, "days"), (26, "hours"), True),
    ((1, "days"), (25, "hours"), False),
    ((9, "hours"), (9, "working_hours"), True),
    ((10, "hours"), (9, "working_hours"), False),
    ((1, "hours"), (1, "working_days"), False),
    ((22, "hours"), (2, "working_days"), True),
    ((3, "days"), (5, "working_days"), True),
    ((4, "days"), (5, "working_days"), False),
    ((1, "working_days"), (90, "days"), False),
    ((1, "working_hours"), (9, "working_days"), False),
    ((0, "working_days"), (0, "hours"), True),
    ((0, "days"), (1, "working_days"), True),
]


@pytest.mark.parametrize(("one", "other", "expected"), COMPARED)
def test_a_span_is_no_longer_only_where_that_is_sure(one: Any, other: Any, expected: bool) -> None:
    assert never_longer(of(*one), of(*other)) is expected


@given(SPANS, SPANS, STARTS, st.sampled_from(CALENDARS))
def test_what_is_never_longer_is_never_over_later(one: Span, other: Span, start: datetime, calendar: WorkingCalendar) -> None:
    if never_longer(one, other):
        assert calendar.add(start, one) <= calendar.add(start, other)


@given(SPANS, STARTS)
def test_without_a_calendar_every_hour_works(one: Span, start: datetime) -> None:
    assert ROUND_THE_CLOCK.add(start, without_calendar(one)) <= ROUND_THE_CLOCK.add(start, one)
    assert ROUND_THE_CLOCK.add(start, one) - ROUND_THE_CLOCK.add(start, without_calendar(one)) < timedelta(seconds=1)


def test_what_residents_have_may_only_grow_and_what_units_have_only_shrink() -> None:
    short, long = of(10, "days"), of(20, "days")
    for term in SHIPPED[0].rules.spans:
        assert stricter_or_equal(term, long, short) is (term in WINDOWS)
        assert stricter_or_equal(term, short, long) is (term not in WINDOWS)
        assert stricter_or_equal(term, short, short)


def supplement(
    code: str, version: int = 1, *, unit: UUID = SPACE, begins: float = 0, channel: Channel | None = None, **said: Any
) -> Supplement:
    """`begins` in days from `START`; one that says nothing ends."""
    return Supplement(
        id=uuid5(SPACE, f"{code} {version}"),
        code=code,
        version=version,
        unit_id=unit,
        channel=channel,
        effective_from=START + timedelta(days=begins),
        ends=not said,
        rules=SupplementRules.model_validate(said),
    )


WEEK = supplement("county", deadlines={"first_answer": span(7)}, escalation=[span(0), span(1)], confirm_within=span(40))
HASTE = supplement(
    "town", deadlines={"first_answer": span(9)}, escalate_after_reopenings=1, confirm_within=span(50, "working_days")
)
SOURCES = (SHIPPED[0], WEEK, HASTE)
CHOSEN = [
    ("deadlines.acknowledgement", of(7, "days"), "default.v1"),
    ("deadlines.first_answer", of(7, "days"), "county.v1"),
    ("escalation.1", of(0, "days"), "default.v1"),
    ("escalation.2", of(1, "days"), "county.v1"),
    ("escalation.4", of(30, "days"), "default.v1"),
    ("confirm_within", of(50, "working_days"), "town.v1"),
    ("reopen_within", of(30, "days"), "default.v1"),
]


@pytest.mark.parametrize(("term", "expected", "label"), CHOSEN)
def test_of_each_term_the_strictest_counts_and_says_whose_it_is(term: str, expected: Span, label: str) -> None:
    choice = strictest(SOURCES, term, START, ROUND_THE_CLOCK)
    assert choice is not None
    assert (choice.span, choice.ends_at, choice.label) == (expected, ROUND_THE_CLOCK.add(START, expected), label)


EASTER = WorkingHours.model_validate(
    {
        "time_zone": "Europe/Berlin",
        "weekly": {day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in list(Week.model_fields)[:5]},
        "holidays": ["2026-04-03", "2026-04-06"],
    }
)


@pytest.mark.parametrize(("calendar", "due"), [(ROUND_THE_CLOCK, 6), (WorkingCalendar(EASTER), 10)])
def test_the_worked_example_of_the_documentation(calendar: WorkingCalendar, due: int) -> None:
    opened = datetime(2026, 4, 1, 14, tzinfo=UTC)
    county = supplement("county", deadlines={"first_answer": span(10)})
    town = supplement("town", deadlines={"first_answer": span(5, "working_days")}, confirm_within=span(60))
    sources = (SHIPPED[0], county, town)
    assert [calendar.add(opened, each.rules.spans["deadlines.first_answer"]) for each in sources] == [
        datetime(2026, 5, 1, 14, tzinfo=UTC),
        datetime(2026, 4, 11, 14, tzinfo=UTC),
        datetime(2026, 4, due, 14, tzinfo=UTC),
    ]
    choice = strictest(sources, "deadlines.first_answer", opened, calendar)
    assert choice is not None
    assert choice.label == "town.v1"


def test_what_nobody_says_does_not_count() -> None:
    assert strictest(SOURCES, "escalation.5", START, ROUND_THE_CLOCK) is None
    assert fewest_reopenings([WEEK]) is None
    assert fewest_reopenings(SOURCES) == (1, "town.v1")


@given(st.lists(SPANS, min_size=1, max_size=4), st.sampled_from(["deadlines.appeal", "appeal_within"]), STARTS, st.data())
def test_a_supplement_more_is_never_worse_for_residents(
    said: list[Span], term: str, start: datetime, data: st.DataObject
) -> None:
    calendar = data.draw(st.sampled_from(CALENDARS))
    named = [span for span in said if span.amount] or [of(1, "days")]
    terms = [{"deadlines": {"appeal": one}} if term == "deadlines.appeal" else {term: one} for one in named]
    more = [supplement("unit", number, **each) for number, each in enumerate(terms, 1)]
    ends = [strictest((SHIPPED[0], *more[:count]), term, start, calendar) for count in range(len(more) + 1)]
    moments = [choice.ends_at for choice in ends if choice is not None]
    assert moments == sorted(moments, reverse=term == "deadlines.appeal")


# Which supplements a case gets, and keeps.

ROOT, TOWN, OTHER = (uuid5(SPACE, name) for name in ("root", "town", "other"))
SAID = Channel.thought
ONE: dict[str, Any] = {"escalate_after_reopenings": 1}
OF_ROOT = supplement("root", unit=ROOT, **ONE)
OF_TOWN = supplement("town", unit=TOWN, **ONE)
OF_TOWN_2 = supplement("town", 2, unit=TOWN, begins=3, **ONE)
OF_TOWN_ENDS = supplement("town", 3, unit=TOWN, begins=9)
THOUGHTS = supplement("town:thought", unit=TOWN, channel=SAID, begins=1, **ONE)
ELSEWHERE = supplement("other", unit=OTHER, **ONE)
BOOK = PolicyBook(supplements=[OF_TOWN_ENDS, THOUGHTS, ELSEWHERE, OF_TOWN, OF_ROOT, OF_TOWN_2])
APPLIES: list[tuple[list[UUID], Channel, float, list[Supplement]]] = [
    ([TOWN, ROOT], SAID, -1, []),
    ([TOWN, ROOT], SAID, 0, [OF_ROOT, OF_TOWN]),
    ([TOWN, ROOT], SAID, 1, [OF_ROOT, OF_TOWN, THOUGHTS]),
    ([TOWN, ROOT], Channel.emotional, 1, [OF_ROOT, OF_TOWN]),
    ([TOWN, ROOT], SAID, 3, [OF_ROOT, OF_TOWN_2, THOUGHTS]),
    ([TOWN, ROOT], SAID, 9, [OF_ROOT, THOUGHTS]),
    ([ROOT], SAID, 9, [OF_ROOT]),
    ([], SAID, 9, []),
]


@pytest.mark.parametrize(("chain", "channel", "at", "expected"), APPLIES)
def test_a_unit_has_its_own_supplements_and_those_of_the_units_above(
    chain: list[UUID], channel: Channel, at: float, expected: list[Supplement]
) -> None:
    found = BOOK.supplements_for(chain, channel, START + timedelta(days=at))
    assert list(found) == expected
    label = label_of(SHIPPED[0], found)
    assert (BOOK.policy(label), BOOK.supplements(label)) == (SHIPPED[0], found)


def test_a_label_whose_supplement_is_not_known_is_refused() -> None:
    with pytest.raises(NotFound) as refused:
        BOOK.supplements("default.v1+root.v1+root.v2")
    assert refused.value.slug == "supplement-not-found"
    assert BOOK.policy_for(Level.township, SAID, START).label == BOOK.policy("default.v1+root.v2").label
