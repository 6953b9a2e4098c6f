from datetime import UTC, datetime, timedelta

import pytest

from services.assessment.dry_runs.rules import LONGEST, check_past, lacking, moved, tallied
from services.assessment.grading.rules.judging import GradeValue
from shared.errors import Invalid
from shared.types import Level

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def test_check_past_takes_up_to_three_years_until_now() -> None:
    check_past(NOW - LONGEST, NOW, NOW)


@pytest.mark.parametrize(("since", "until"), [(NOW, NOW), (NOW, NOW - DAY), (NOW - DAY, NOW + DAY), (NOW - LONGEST - DAY, NOW)])
def test_check_past_refuses_the_future_and_what_is_too_long(since: datetime, until: datetime) -> None:
    with pytest.raises(Invalid, match="dry-run-span"):
        check_past(since, until, NOW)


def test_counts_add_up_over_batches() -> None:
    first = tallied({}, [(Level.county, GradeValue.qualified), (Level.county, GradeValue.excellent)])
    both = tallied(first, [(Level.county, GradeValue.qualified), (Level.township, GradeValue.not_graded)])
    assert both == {"county": {"qualified": 2, "excellent": 1}, "township": {"not_graded": 1}}
    assert first == {"county": {"qualified": 1, "excellent": 1}}


def test_moves_are_only_those_that_change_a_grade() -> None:
    same, up = (GradeValue.qualified,) * 2, (GradeValue.qualified, GradeValue.excellent)
    assert moved(moved({}, [same, up]), [up]) == {"qualified -> excellent": 2}


def test_missing_criteria_are_counted_by_unit() -> None:
    assert lacking({"response": 1}, [["response", "resolution"], []]) == {"resolution": 1, "response": 2}
