from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from services.assessment.grading.rules.evidence import Evidence, Observed
from services.assessment.grading.rules.judging import GradeValue, grade
from services.assessment.indicators.rules import Indicator, Retaliations
from services.assessment.upgrade_plans import rules
from services.assessment.upgrade_plans.rules import TRANSITIONS, Aim, Gap, PlanState
from shared.errors import Conflict, Forbidden, Invalid
from shared.types import Level
from tests.assessment.terms import BASIC, criterion, terms

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def evidence(*, retaliated: bool = False) -> Evidence:
    """9 of 10, 2 of 8, 3 of 5."""
    counted = {"response": (9, 10), "resolution": (2, 8), "satisfaction": (3, 5)}
    criteria = {code: Observed(hits, Fraction(n), n) for code, (hits, n) in counted.items()}
    return Evidence(Level.county, criteria, retaliations=Retaliations(1, NOW, NOW) if retaliated else None)


@pytest.mark.parametrize(
    ("retaliated", "needed", "gaps"),
    [
        (False, "0.60", [Gap("resolution", 0.25, 0.6)]),
        (False, "0.85", [Gap("resolution", 0.25, 0.85), Gap("satisfaction", 0.6, 0.85)]),
        (True, "0.60", [Gap("resolution", 0.25, 0.6), Gap("retaliation", None, None)]),
    ],
)
def test_gaps_are_what_lies_below_the_band_and_gates(retaliated: bool, needed: str, gaps: list[Gap]) -> None:
    found = grade(BASIC, evidence(retaliated=retaliated), in_full=False)
    assert list(rules.gaps_of(found, Decimal(needed))) == gaps


def test_a_criterion_without_weight_or_observations_is_no_gap() -> None:
    asked = terms(criterion(Indicator.response, 0), criterion(Indicator.satisfaction, 100))
    known = Evidence(Level.county, {"response": Observed(0, Fraction(10), 10)})
    found = grade(asked, known, in_full=False)
    assert rules.gaps_of(found, Decimal("0.60")) == ()


@pytest.mark.parametrize("state", PlanState, ids=str)
@pytest.mark.parametrize("to", PlanState, ids=str)
def test_the_table_refuses_every_other_transition(state: PlanState, to: PlanState) -> None:
    if to in TRANSITIONS[state]:
        assert rules.move(state, to) is to
    else:
        with pytest.raises(Conflict, match="upgrade-plan-state"):
            rules.move(state, to)


@pytest.mark.parametrize("value", [*GradeValue, None], ids=str)
@pytest.mark.parametrize("aim", Aim, ids=str)
def test_a_unit_aims_at_the_next_grade(aim: Aim, value: GradeValue | None) -> None:
    if rules.FROM[aim] is value:
        rules.check_aim(aim, value)
    else:
        with pytest.raises(Conflict, match="upgrade-plan-aim"):
            rules.check_aim(aim, value)


def test_every_gap_is_answered_and_nothing_else() -> None:
    rules.check_actions(["resolution"], ["resolution", "resolution"])
    with pytest.raises(Invalid, match="upgrade-plan-leaves-gap"):
        rules.check_actions(["resolution", "response"], ["response"])
    with pytest.raises(Invalid, match="upgrade-plan-no-such-gap"):
        rules.check_actions(["resolution"], ["resolution", "weather"])


def test_checks_say_what_is_wrong() -> None:
    rules.check_due([date(2026, 3, 2)], date(2026, 3, 2))
    rules.check_all_done([True, True])
    with pytest.raises(Invalid, match="upgrade-plan-past"):
        rules.check_due([date(2026, 3, 1)], date(2026, 3, 2))
    with pytest.raises(Conflict, match="upgrade-plan-actions-open"):
        rules.check_all_done([True, False])
    with pytest.raises(Forbidden, match="upgrade-plan-not-above"):
        rules.check_above(False)
    with pytest.raises(Forbidden, match="upgrade-plan-not-yours"):
        rules.check_own(False)


def test_is_overdue() -> None:
    late = NOW + timedelta(microseconds=1)
    assert not rules.is_overdue(None, None, NOW)
    assert not rules.is_overdue(NOW, None, NOW)
    assert rules.is_overdue(NOW, None, late)
    assert not rules.is_overdue(NOW, NOW, late)
