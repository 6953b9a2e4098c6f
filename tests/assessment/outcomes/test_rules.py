from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.indicators.rules import Tally
from services.assessment.outcomes.rules import (
    Better,
    Course,
    Reach,
    check_course,
    check_measured,
    counted_progress,
    due_progress,
    is_public_url,
    is_told_anew,
    mean_of,
    pseudonym,
)
from shared.errors import Invalid

VALUES = st.floats(-1e9, 1e9, allow_nan=False)
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("baseline", "target", "value", "progress"),
    [
        (2, 8, 5, Fraction(1, 2)),
        (2, 8, 1, Fraction(0)),
        (2, 8, 9, Fraction(1)),
        (30, 10, 25, Fraction(1, 4)),
        (30, 10, 40, Fraction(0)),
        (0.1, 0.4, 0.2, Fraction(1, 3)),
        (2, 8, None, None),
    ],
)
def test_progress_is_the_exact_part_of_the_way(
    baseline: float, target: float, value: float | None, progress: Fraction | None
) -> None:
    assert Course(baseline, target, value).progress == progress


@given(VALUES, VALUES, VALUES)
def test_progress_stays_within_bounds_and_is_whole_at_the_target(baseline: float, target: float, value: float) -> None:
    if baseline == target:
        return
    progress = Course(baseline, target, value).progress
    assert progress is not None
    assert 0 <= progress <= 1
    assert Course(baseline, target, target).reached
    assert Course(baseline, target, baseline).progress == 0


@given(VALUES, VALUES, VALUES, VALUES)
def test_who_comes_nearer_the_target_has_made_no_less_progress(baseline: float, target: float, one: float, other: float) -> None:
    if target <= baseline:
        return
    less, more = sorted((one, other))
    assert (Course(baseline, target, less).progress or 0) <= (Course(baseline, target, more).progress or 0)


@pytest.mark.parametrize(
    ("progress", "said", "counted"),
    [
        (Fraction(1), Tally(5, 5), Fraction(1)),
        (Fraction(1, 2), Tally(4, 5), Fraction(2, 5)),
        (Fraction(1), Tally(0, 5), Fraction(0)),
        (Fraction(1), Tally(4, 4), None),
        (Fraction(1), Tally(0, 0), None),
        (None, Tally(5, 5), None),
    ],
)
def test_progress_counts_by_the_share_who_notice_it(progress: Fraction | None, said: Tally, counted: Fraction | None) -> None:
    assert counted_progress(progress, said) == counted


@given(st.fractions(0, 1), st.integers(5, 1000), st.data())
def test_what_counts_is_never_more_than_what_was_measured(progress: Fraction, n: int, data: st.DataObject) -> None:
    counted = counted_progress(progress, Tally(data.draw(st.integers(0, n)), n))
    assert counted is not None
    assert 0 <= counted <= progress


@pytest.mark.parametrize(
    ("progress", "said", "published", "days_since", "counted"),
    [
        (Fraction(1), Tally(5, 5), True, 1, Fraction(1)),
        (Fraction(1, 2), Tally(4, 5), True, 99, Fraction(2, 5)),
        (Fraction(1), Tally(4, 4), True, 99, None),
        (None, Tally(0, 0), True, 30, None),
        (None, Tally(5, 5), True, 31, Fraction(0)),
        (Fraction(1), Tally(0, 0), False, 30, None),
        (Fraction(1), Tally(0, 0), False, 31, Fraction(0)),
    ],
)
def test_what_a_unit_keeps_to_itself_counts_nothing_and_what_residents_do_is_missing(
    progress: Fraction | None, said: Tally, published: bool, days_since: int, counted: Fraction | None
) -> None:
    assert due_progress(progress, said, published=published, days_since=days_since) == counted


def test_the_mean_leaves_out_what_is_missing() -> None:
    assert mean_of([Fraction(1), None, Fraction(1, 2)]) == Reach(Fraction(3, 4), 2, 3)
    assert mean_of([None]) == Reach(None, 0, 1)
    assert mean_of([]) == Reach(None, 0, 0)


def test_voices_are_shown_by_fives() -> None:
    shown, changes = 0, []
    for said in range(1, 13):
        if is_told_anew(shown, said):
            shown = said
            changes.append(said)
    assert changes == [5, 10]


@pytest.mark.parametrize(
    ("better", "changed", "slug"),
    [
        (Better.up, {"target": 2}, "target-not-better"),
        (Better.down, {}, "target-not-better"),
        (Better.up, {"baseline_on": date(2026, 3, 3)}, "baseline-in-the-future"),
        (Better.up, {"target_on": TODAY}, "target-not-ahead"),
    ],
)
def test_what_is_wanted_is_said_beforehand(better: Better, changed: dict[str, Any], slug: str) -> None:
    course: dict[str, Any] = {"baseline": 2, "target": 8, "baseline_on": TODAY, "target_on": date(2026, 6, 1), "today": TODAY}
    check_course(Better.up, **course)
    with pytest.raises(Invalid) as refused:
        check_course(better, **{**course, **changed})
    assert refused.value.slug == slug


@pytest.mark.parametrize(
    ("day", "slug"), [(date(2026, 1, 31), "measured-before-baseline"), (date(2026, 3, 3), "measured-in-the-future")]
)
def test_what_is_measured_lies_between_the_baseline_and_today(day: date, slug: str) -> None:
    check_measured(TODAY, baseline_on=date(2026, 2, 1), today=TODAY)
    with pytest.raises(Invalid) as refused:
        check_measured(day, baseline_on=date(2026, 2, 1), today=TODAY)
    assert refused.value.slug == slug


@pytest.mark.parametrize("url", ["https://data.example.org/wells.csv", "https://example.org", "https://example.org:443/a?b=c"])
def test_a_public_page_is_evidence(url: str) -> None:
    assert is_public_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "javascript:alert(1)", "https://", "https:///a", "https://localhost/",
        "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://127.1/", "https://u:p@example.org/",
        "https://example.org:8443/", "https://printer.local/", "https://example.org/a b", "https://exämple.org/",
        "https://example.org:99999/", "https://[::1/", "x" * 3000, "https://example.org/" + "a" * 2000, "",
    ],
)  # fmt: skip
def test_what_not_everybody_can_read_is_no_public_page(url: str) -> None:
    assert not is_public_url(url)


def test_a_pseudonym_is_of_one_outcome_alone() -> None:
    outcomes, account = [UUID(int=1), UUID(int=2)], UUID(int=3)
    one, other = [pseudonym(b"pepper", outcome, account) for outcome in outcomes]
    assert one == pseudonym(b"pepper", outcomes[0], account)
    assert len({one, other, pseudonym(b"salt", outcomes[0], account), pseudonym(b"pepper", outcomes[0], UUID(int=4))}) == 4
