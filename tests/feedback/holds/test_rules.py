"""What is a burst, and what becomes of the hold on it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.holds.rules import (
    FLOOR,
    TRUSTED,
    USUAL_HOURS,
    LastHold,
    Measure,
    explain,
    is_burst,
    look_at,
    measure,
    stepped,
    usually,
)
from shared.events.feedback import HoldDecision, HoldReason
from shared.languages import Language

NOW = datetime(2026, 3, 2, 9, 41, 12, 345, tzinfo=UTC)
LOOK = look_at(NOW)
HOUR = timedelta(hours=1)
counts = st.integers(0, 100_000)


@pytest.mark.parametrize(
    ("opinions", "before", "burst"),
    [
        (0, 0, False),
        (29, 0, False),
        (30, 0, True),
        (30, USUAL_HOURS // 2, True),  # one in two hours
        (39, USUAL_HOURS, False),
        (40, USUAL_HOURS, True),
        (3999, 100 * USUAL_HOURS, False),
        (4000, 100 * USUAL_HOURS, True),
    ],
)
def test_a_burst_is_many_and_many_times_as_many(opinions: int, before: int, burst: bool) -> None:
    assert is_burst(opinions, before) is burst


@given(counts, counts, counts)
def test_more_at_once_is_never_less_of_a_burst_and_a_busier_month_never_more(opinions: int, more: int, before: int) -> None:
    assert is_burst(opinions, before) <= is_burst(opinions + more, before)
    assert is_burst(opinions, before + more) <= is_burst(opinions, before)
    assert not is_burst(min(opinions, FLOOR - 1), before)


@given(st.integers(1, 10_000))
def test_a_unit_that_hears_everything_on_five_mornings_a_week_is_never_held(each_morning: int) -> None:
    assert not is_burst(each_morning, each_morning * 4 * 5)


def test_what_is_compared_are_whole_hours() -> None:
    assert LOOK.since == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert LOOK.until == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert LOOK.first == LOOK.since - timedelta(days=28)


def held(until: datetime, decision: HoldDecision | None = None, decided_at: datetime | None = None) -> LastHold:
    return LastHold(until, decision, decided_at)


RELEASED, KEPT = HoldDecision.released, HoldDecision.kept


@pytest.mark.parametrize(
    ("last", "measured"),
    [
        (None, Measure.place),
        (held(LOOK.until), Measure.nothing),
        (held(LOOK.until - HOUR), Measure.extend),
        (held(LOOK.since), Measure.extend),
        (held(LOOK.since - HOUR), Measure.place),
        (held(LOOK.until, KEPT, NOW), Measure.nothing),
        (held(LOOK.until - HOUR, KEPT, NOW), Measure.extend),
        (held(LOOK.since - HOUR, KEPT, NOW), Measure.place),
        (held(LOOK.until, RELEASED, NOW), Measure.nothing),
        (held(LOOK.until - HOUR, RELEASED, NOW), Measure.nothing),
        (held(LOOK.since - HOUR, RELEASED, NOW - TRUSTED + HOUR), Measure.nothing),
        (held(LOOK.since - HOUR, RELEASED, NOW - TRUSTED), Measure.place),
    ],
)
def test_a_hold_lasts_as_long_as_its_burst_and_what_was_released_is_trusted_for_a_day(
    last: LastHold | None, measured: Measure
) -> None:
    assert measure(LOOK, NOW, FLOOR, 0, last) is measured
    assert measure(LOOK, NOW, FLOOR - 1, 0, last) is Measure.nothing


@pytest.mark.parametrize(("opinions", "shown"), [(30, 30), (34, 30), (35, 35), (1999, 1995)])
def test_counts_are_shown_in_steps(opinions: int, shown: int) -> None:
    assert stepped(opinions) == shown


@pytest.mark.parametrize(("before", "usual"), [(0, 0.0), (USUAL_HOURS, 2.0), (100, 0.3)])
def test_the_usual_is_that_of_two_hours(before: int, usual: float) -> None:
    assert usually(before) == usual


def test_the_reason_is_a_plain_sentence_in_every_language() -> None:
    told = {language: explain(HoldReason.burst, 35, 0.3, language) for language in Language}
    assert all("35" in sentence and "0.3" in sentence and "{" not in sentence for sentence in told.values())
    assert len(set(told.values())) == len(Language)
