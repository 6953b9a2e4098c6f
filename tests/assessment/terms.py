"""Terms of standards and observations, as tests make them."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from services.assessment.grading.rules.evidence import Observed
from services.assessment.indicators.rules import AMOUNTS, Indicator
from services.assessment.standards.rules import Bands, Criterion, Floor, Source, Terms, check_terms, source_of

SHARES = [indicator for indicator in Indicator if indicator not in AMOUNTS]
THREE = {Indicator.response: 10, Indicator.resolution: 45, Indicator.satisfaction: 45}


def criterion(indicator: Indicator | None, weight: int = 100, **fields: Any) -> Criterion:
    source = source_of(indicator) if indicator else Source.inspector
    told = {"code": indicator or "look", "name": "Something", "weight": weight, "source": source, "indicator": indicator}
    return Criterion.model_validate({**told, "owner": "Letters and calls", **fields})


def terms(*criteria: Criterion, **fields: Any) -> Terms:
    return Terms(criteria=criteria, **fields)


BASIC = terms(*(criterion(indicator, weight) for indicator, weight in THREE.items()))


@st.composite
def tallies(draw: st.DrawFn, least: int = 0) -> Observed:
    n = draw(st.integers(least, 40))
    return Observed(draw(st.integers(0, n)), Fraction(n), n)


def hundredths_between(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda number: Decimal(number) / 100)


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    """Shares of any weight on rising scales, with a floor or none."""
    indicators = draw(st.lists(st.sampled_from(SHARES), min_size=1, max_size=5, unique=True))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(indicators) - 1, max_size=len(indicators) - 1)))
    weights = [after - before for before, after in zip([0, *cuts], [*cuts, 100], strict=True)]
    bands = draw(st.lists(st.integers(1, 100), min_size=2, max_size=2, unique=True).map(sorted))
    floors = draw(st.lists(st.sampled_from(SHARES), max_size=1))
    made = terms(
        *(
            criterion(
                indicator,
                weight,
                minimum_sample=draw(st.integers(1, 10)),
                scale={"floor": draw(hundredths_between(0, 40)), "target": draw(hundredths_between(41, 100))},
            )
            for indicator, weight in zip(indicators, weights, strict=True)
        ),
        floors=[Floor(indicator=indicator, at_least=draw(hundredths_between(1, 100))) for indicator in floors],
        bands=Bands(qualified=Decimal(bands[0]) / 100, excellent=Decimal(bands[1]) / 100),
    )
    check_terms(made)
    return made
