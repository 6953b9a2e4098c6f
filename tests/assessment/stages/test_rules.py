from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.assessment.directives.rules import TaskState
from services.assessment.indicators.rules import Indicator, Tally
from services.assessment.stages.rules import (
    Condition,
    CountCondition,
    Counted,
    Evidence,
    IndicatorCondition,
    Plan,
    TaskCondition,
    check,
    check_stages,
    conditions_after,
    directives_of,
    is_settled,
    judge,
)
from shared.errors import Invalid

CONDITION: TypeAdapter[Any] = TypeAdapter(Condition)
ANSWERS = CountCondition(of=Counted.cases_answered, at_least=3)
ON_TIME = IndicatorCondition(indicator=Indicator.response, at_least=Decimal("0.80"))
BEGIN = Plan(code="begin", name="Begin", exit=(ANSWERS,))
WORK = Plan(code="work", name="Work", entry=(ON_TIME,))


@pytest.mark.parametrize(
    ("tally", "met", "known", "lack"),
    [
        (Tally(0, 0), False, None, "response needs 5 observations, has 0"),
        (Tally(4, 4), False, 1.0, "response needs 5 observations, has 4"),
        (Tally(3, 5), False, 0.6, "response is 3 of 5, which is below 0.80"),
        (Tally(4, 5), True, 0.8, None),
    ],
    ids=str,
)
def test_a_share_without_enough_observations_is_missing_and_not_zero(
    tally: Tally, met: bool, known: float | None, lack: str | None
) -> None:
    found = check(ON_TIME, Evidence(shares={Indicator.response: tally}))
    assert (found.met, found.known, found.n, found.lack) == (met, known, tally.n, lack)


@pytest.mark.parametrize(
    ("count", "met", "lack"),
    [(0, False, "cases_answered needs 3, has 0"), (2, False, "cases_answered needs 3, has 2"), (3, True, None)],
)
def test_a_count(count: int, met: bool, lack: str | None) -> None:
    found = check(ANSWERS, Evidence(counts={Counted.cases_answered: count}))
    assert (found.met, found.known, found.lack) == (met, count, lack)


def test_what_was_never_heard_of_meets_nothing() -> None:
    for condition in (ANSWERS, ON_TIME):
        assert not check(condition, Evidence()).met


def test_the_example_of_the_page() -> None:
    """docs/campaigns.md reckons it by hand."""
    stage = Plan(code="answer", name="Answer", exit=(ON_TIME,))
    seen = [judge([stage], 1, Evidence(shares={Indicator.response: tally})) for tally in (Tally(0, 2), Tally(4, 6), Tally(8, 10))]
    assert [verdict.moves for verdict in seen] == [False, False, True]
    assert [verdict.checks[0].lack for verdict in seen] == [
        "response needs 5 observations, has 2",
        "response is 4 of 6, which is below 0.80",
        None,
    ]


def test_a_task_that_is_done_was_acknowledged() -> None:
    asked = TaskCondition(directive="lamps", state=TaskState.acknowledged)
    known = [None, TaskState.issued, TaskState.acknowledged, TaskState.done]
    tasks = [{} if state is None else {"lamps": state} for state in known]
    assert [check(asked, Evidence(tasks=each)).met for each in tasks] == [False, False, True, True]
    assert directives_of([Plan(code="begin", name="Begin", entry=(asked,), exit=(asked, ANSWERS))]) == ["lamps"]


HITS = st.integers(0, 60).flatmap(lambda n: st.integers(0, n).map(lambda hits: Tally(hits, n)))


@given(HITS, st.integers(1, 100))
def test_another_hit_never_loses_what_was_met(tally: Tally, hundredths: int) -> None:
    condition = IndicatorCondition(indicator=Indicator.resolution, at_least=Decimal(hundredths).scaleb(-2))
    before = check(condition, Evidence(shares={Indicator.resolution: tally}))
    after = check(condition, Evidence(shares={Indicator.resolution: Tally(tally.hits + 1, tally.n + 1)}))
    assert after.met or not before.met


@given(st.integers(0, 2), HITS, st.integers(0, 9))
def test_a_unit_goes_on_by_all_conditions_and_never_otherwise(number: int, tally: Tally, answers: int) -> None:
    evidence = Evidence(shares={Indicator.response: tally}, counts={Counted.cases_answered: answers})
    verdict = judge([BEGIN, WORK], number, evidence)
    assert verdict.moves is (not is_settled([BEGIN, WORK], number) and all(each.met for each in verdict.checks))


def test_conditions_after() -> None:
    stages = [BEGIN, WORK]
    assert conditions_after(stages, 0) == ()
    assert conditions_after(stages, 1) == (ANSWERS, ON_TIME)
    assert [conditions_after(stages, number) for number in (2, 3)] == [None, None]
    assert conditions_after([BEGIN], 1) == (ANSWERS,)


def test_check_stages() -> None:
    check_stages([BEGIN, WORK])
    check_stages([Plan(code="only", name="Only")])
    with pytest.raises(Invalid, match="stage-code-twice"):
        check_stages([BEGIN, BEGIN])
    with pytest.raises(Invalid, match="stage-without-evidence"):
        check_stages([WORK, Plan(code="rest", name="Rest")])


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "date", "on": "2026-05-01"},
        {"kind": "indicator", "indicator": "response", "at_least": 0.8, "until": "2026-05-01"},
        {"kind": "indicator", "indicator": "faith", "at_least": 0.8},
        {"kind": "indicator", "indicator": "response", "at_least": 0},
        {"kind": "indicator", "indicator": "response", "at_least": 1.01},
        {"kind": "indicator", "indicator": "response", "at_least": 0.801},
        {"kind": "indicator", "indicator": "response", "at_least": "NaN"},
        {"kind": "indicator", "indicator": "response", "at_least": 0.8, "minimum": 4},
        {"kind": "count", "of": "cases_answered", "at_least": 0},
        {"kind": "count", "of": "cases_answered", "at_least": 2**63},
        {"kind": "count", "of": "complaints", "at_least": 1},
        {"kind": "task", "directive": "lamps", "state": "issued"},
        {},
    ],
    ids=str,
)
def test_a_condition_is_evidence_never_a_date_nor_a_share_of_too_few(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CONDITION.validate_python(asked)
