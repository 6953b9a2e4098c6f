"""Where a unit stands among those that may fairly be compared with it. Pure, and exact."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import quantiles

from services.assessment.grading.rules.judging import GradeValue

FEWEST_UNITS = 5
"""A place among fewer says nothing."""
RANKS = {value: rank for rank, value in enumerate(GradeValue)}
NO_COMPOSITE = "it is not graded: what is missing has no place"
NO_PROFILE = "it has declared no profile, so nobody knows its peers: its lead declares one with POST /v1/units/{id}/profiles"


@dataclass(frozen=True, slots=True)
class Result:
    """A better grade stands before a worse one whatever the composites, so a gate wins here too."""

    value: GradeValue
    composite: Fraction

    @property
    def order(self) -> tuple[int, Fraction]:
        return RANKS[self.value], self.composite


@dataclass(frozen=True, slots=True)
class Place:
    """The `place` of a unit among `of`, itself included; `shared_by` so many, itself included. The quartiles are those of the
    composites of all of them."""

    place: int
    of: int
    shared_by: int
    lower_quartile: Fraction
    median: Fraction
    upper_quartile: Fraction


def place_of(own: Result, group: Mapping[Result, int]) -> Place:
    """`group`: how many units have each result, `own` among them."""
    better = sum(units for result, units in group.items() if result.order > own.order)
    composites = [result.composite for result, units in group.items() for _ in range(units)]
    lower, median, upper = quantiles(composites, n=4, method="inclusive")
    return Place(better + 1, len(composites), group[own], lower, median, upper)


def too_few(of: int) -> str | None:
    """Why there is no place among so many; None among enough."""
    if of >= FEWEST_UNITS:
        return None
    return f"units of its peer group graded by this version: {of} with it, and a place needs {FEWEST_UNITS}"
