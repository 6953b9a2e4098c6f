from decimal import Decimal

import pytest

from services.assessment.standards.rules import Criterion, Scale, check_scale
from shared.errors import Invalid


def scale(*weights: int, qualified: str = "0.60", excellent: str = "0.85") -> Scale:
    return Scale(dict(zip(Criterion, weights, strict=True)), Decimal(qualified), Decimal(excellent), 5)


@pytest.mark.parametrize("weights", [(10, 45, 45), (0, 0, 100), (100, 0, 0)])
def test_check_scale_takes_weights_that_total_100(weights: tuple[int, int, int]) -> None:
    check_scale(scale(*weights))


@pytest.mark.parametrize("weights", [(10, 45, 44), (10, 45, 46), (0, 0, 0)])
def test_check_scale_refuses_other_weights(weights: tuple[int, int, int]) -> None:
    with pytest.raises(Invalid, match="weights-not-100"):
        check_scale(scale(*weights))


@pytest.mark.parametrize(("qualified", "excellent"), [("0.60", "0.60"), ("0.85", "0.60")])
def test_check_scale_refuses_bands_that_do_not_rise(qualified: str, excellent: str) -> None:
    with pytest.raises(Invalid, match="bands-not-rising"):
        check_scale(scale(10, 45, 45, qualified=qualified, excellent=excellent))
