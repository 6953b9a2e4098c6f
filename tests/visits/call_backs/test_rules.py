from datetime import date

import pytest

from services.visits.call_backs.rules import LONGEST, MOST, Result, Said, add_up, check_period, check_result, size_of, veiled
from shared.errors import Conflict, Invalid

DAY = date(2026, 3, 1)
TOOK, NOT, AWAY, DECLINED = Result


@pytest.mark.parametrize(
    ("population", "share", "size", "drawn"),
    [
        (100, 0.1, None, 10),
        (101, 0.1, None, 11),
        (3, 0.01, None, 1),
        (3, None, 10, 3),
        (10_000, 1.0, None, MOST),
        (50, None, 7, 7),
    ],
)
def test_size_of(population: int, share: float | None, size: int | None, drawn: int) -> None:
    assert size_of(population, share=share, size=size) == drawn


def test_a_period_is_a_year_at_most() -> None:
    check_period(DAY, DAY)
    check_period(DAY, DAY + LONGEST)
    for last in (date(2026, 2, 28), date(2027, 3, 3)):
        with pytest.raises(Invalid) as refused:
            check_period(DAY, last)
        assert refused.value.slug == "period-unfit"


def test_only_who_was_not_reached_is_called_again() -> None:
    for known in (None, AWAY):
        check_result(known, finished=False)
        with pytest.raises(Conflict) as refused:
            check_result(known, finished=True)
        assert refused.value.slug == "call-back-finished"
    for known in (TOOK, NOT, DECLINED):
        with pytest.raises(Conflict) as refused:
            check_result(known, finished=False)
        assert refused.value.slug == "result-given"


@pytest.mark.parametrize(
    ("results", "said", "shown"),
    [
        ([], Said(0, 0), Said(None, None)),
        ([TOOK] * 3 + [NOT] + [AWAY, DECLINED, None], Said(3, 1), Said(None, None)),
        ([TOOK] * 3 + [NOT] * 2 + [AWAY], Said(3, 2), Said(3, 2)),
    ],
)
def test_what_few_said_is_veiled(results: list[Result | None], said: Said, shown: Said) -> None:
    assert add_up(results) == said
    assert veiled(said) == shown
