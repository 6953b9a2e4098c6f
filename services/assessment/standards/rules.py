"""What a standard asks for, as data, and what it must be."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from services.assessment.indicators.rules import AMOUNTS, SAID_BY_RESIDENTS, Indicator
from shared.errors import Conflict, Invalid
from shared.events.assessment import Terrain
from shared.types import Code, Level, Line

TOTAL_WEIGHT = 100


class Rule(StrEnum):
    """By which rule something about a version was decided."""

    activated = "standard.commented-and-tried"
    withdrawn = "standard.draft-given-up"


Exact = PlainSerializer(float, return_type=float, when_used="json")
"""At most eleven digits, which survive a float."""
Hundredth = Annotated[Decimal, Field(gt=0, le=1, decimal_places=2), Exact]
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=4), Exact]
Factor = Annotated[Decimal, Field(gt=0, le=10, decimal_places=2), Exact]
Sample = Annotated[int, Field(ge=1, le=1_000_000)]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Whose word a criterion rests on. Each is a part of its own: none stands in for another."""

    measured = "measured"
    residents = "residents"
    inspector = "inspector"
    self = "self"


class Scale(Strict):
    """What is worth nothing and what is worth everything; in between, its way. `floor` above `target`: less is better."""

    floor: Amount = Decimal(0)
    target: Amount = Decimal(1)

    def worth(self, value: Fraction) -> Fraction:
        """0 to 1."""
        return Fraction(*self.ratio(value.numerator, value.denominator))

    def ratio(self, value: int, of: int) -> tuple[int, int]:
        """What `value` / `of` is worth, as numerator and denominator, not reduced."""
        floor, target, steps = self._ends
        above, span = value * steps - floor * of, (target - floor) * of
        if span < 0:
            above, span = -above, -span
        if above <= 0:
            return 0, 1
        return (1, 1) if above >= span else (above, span)

    @cached_property
    def _ends(self) -> tuple[int, int, int]:
        """Floor and target in whole steps, and how many of these are one."""
        floor, target = Fraction(self.floor), Fraction(self.target)
        steps = lcm(floor.denominator, target.denominator)
        return int(floor * steps), int(target * steps), steps

    def value_worth(self, worth: Fraction) -> Fraction:
        """The value between floor and target that is worth so much."""
        floor, target = Fraction(self.floor), Fraction(self.target)
        return floor + worth * (target - floor)


class Normalisation(Strict):
    """An amount is counted per so many residents or staff, and expected less where the ground is hard."""

    by: Literal["population", "staff"]
    per: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    terrain: dict[Terrain, Factor] = Field({}, description="What is expected on this ground, as a factor; 1 where none is given.")


class Criterion(Strict):
    """One of the things that a grade is made of."""

    code: Code
    name: Line
    weight: Annotated[int, Field(ge=0, le=TOTAL_WEIGHT)] = Field(description="The weights of a standard total 100.")
    source: Source
    indicator: Indicator | None = Field(None, description="What is counted; null for scores that people give.")
    scale: Scale = Scale()
    normalisation: Normalisation | None = Field(None, description="For amounts, and only for them.")
    minimum_sample: Sample = Field(5, description="Observations that it needs before it says anything.")
    owner: Line = Field(description="The office that answers for the data.")


class DeclaredGate(StrEnum):
    """What makes a unit unqualified, whatever else it did, where a standard says so."""

    upheld_alarm = "upheld_alarm"


class Floor(Strict):
    """A gate: below it a unit is unqualified, whatever else it did."""

    indicator: Indicator
    at_least: Annotated[Decimal, Field(gt=0, le=1, decimal_places=4), Exact]
    minimum_sample: Sample = 5


class Bands(Strict):
    """The composites, 0 to 1, from which a unit is that."""

    qualified: Hundredth = Decimal("0.60")
    excellent: Hundredth = Decimal("0.85")

    @cached_property
    def exact(self) -> tuple[Fraction, Fraction]:
        return Fraction(self.qualified), Fraction(self.excellent)


class Terms(Strict):
    """All that decides a grade. `level_bands`: where a level has thresholds of its own."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=50)]
    floors: Annotated[tuple[Floor, ...], Field(max_length=20)] = ()
    gates: Annotated[tuple[DeclaredGate, ...], Field(max_length=len(DeclaredGate))] = Field(
        (), description="Beside the floors, and beside retaliation, which always is one. `upheld_alarm`: about closing in bulk."
    )
    bands: Bands = Bands()
    level_bands: dict[Level, Bands] = {}

    @cached_property
    def shares(self) -> frozenset[Indicator]:
        """The indicators that are looked at as they were measured."""
        asked = {each.indicator for each in self.criteria if each.indicator is not None and each.normalisation is None}
        return frozenset(asked | {floor.indicator for floor in self.floors})

    @cached_property
    def weighed(self) -> tuple[tuple[str, int, int, Criterion], ...]:
        """Code, weight and minimum sample of each criterion that has weight."""
        return tuple((each.code, each.weight, each.minimum_sample, each) for each in self.criteria if each.weight)

    @property
    def is_scored(self) -> bool:
        """Whether people's scores are part of it."""
        return any(criterion.indicator is None for criterion in self.criteria)

    def bands_for(self, level: Level) -> Bands:
        return self.level_bands.get(level, self.bands)


class State(StrEnum):
    """Residents comment on a draft; new campaigns use the active version; a superseded one keeps grading those that use it."""

    draft = "draft"
    active = "active"
    superseded = "superseded"
    withdrawn = "withdrawn"


FOLLOWS = {
    State.draft: {State.active, State.withdrawn},
    State.active: {State.superseded},
    State.superseded: set[State](),
    State.withdrawn: set[State](),
}


def check_step(before: State, after: State) -> None:
    """Raises `Conflict` (standard-state)."""
    if after not in FOLLOWS[before]:
        raise Conflict("standard-state", f"This version is {before}, so it cannot become {after}: only a draft changes.")


def check_usable(state: State) -> None:
    """By a new campaign. Raises `Conflict` (standard-not-active)."""
    if state is not State.active:
        raise Conflict("standard-not-active", f"This version is {state}: use the active one, GET /v1/standards?state=active.")


def check_comment_days(asked: int | None, least: int) -> None:
    """Raises `Invalid` (comments-too-short)."""
    if asked is not None and asked < least:
        raise Invalid("comments-too-short", f"`comment_days`: the policy gives residents {least} days at least.")


def check_terms(terms: Terms) -> None:
    """Raises `Invalid`, with a slug for each rule that does not hold."""
    total = sum(criterion.weight for criterion in terms.criteria)
    if total != TOTAL_WEIGHT:
        raise Invalid("weights-not-100", f"The weights total {total}: they must total {TOTAL_WEIGHT}.")
    for bands in (terms.bands, *terms.level_bands.values()):
        if bands.excellent <= bands.qualified:
            raise Invalid("bands-not-rising", "`excellent` must be above `qualified`.")
    twice = next((code for code, times in Counter(criterion.code for criterion in terms.criteria).items() if times > 1), None)
    if twice is not None:
        raise Invalid("criterion-twice", f"The code {twice} is used for several criteria: each needs its own.")
    for criterion in terms.criteria:
        _check_criterion(criterion)
    for floor in terms.floors:
        _check_floor(floor, terms)


def _check_criterion(criterion: Criterion) -> None:
    counted = {Source.measured, Source.residents}
    code, indicator = criterion.code, criterion.indicator
    if (criterion.source in counted) != (indicator is not None):
        wants = "needs an `indicator`" if indicator is None else "takes no `indicator`: people give its scores"
        raise Invalid("criterion-indicator", f"{code} with the source {criterion.source} {wants}.")
    if indicator is not None and criterion.source is not source_of(indicator):
        raise Invalid("criterion-source", f"{code} counts {indicator}, whose source is {source_of(indicator)}.")
    if (indicator in AMOUNTS) != (criterion.normalisation is not None):
        wants = "needs a `normalisation`" if indicator in AMOUNTS else "takes no `normalisation`: it is a share already"
        raise Invalid("criterion-normalisation", f"{code} {wants}.")
    if criterion.scale.floor == criterion.scale.target:
        raise Invalid("scale-flat", f"The scale of {code} must have a `floor` that is not its `target`.")
    if indicator not in AMOUNTS and max(criterion.scale.floor, criterion.scale.target) > 1:
        raise Invalid("scale-beyond-one", f"{code} is a share: its scale lies between 0 and 1.")


def _check_floor(floor: Floor, terms: Terms) -> None:
    if floor.indicator in AMOUNTS:
        raise Invalid("floor-not-a-share", f"A floor needs a share, and {floor.indicator} is an amount.")
    if sum(other.indicator is floor.indicator for other in terms.floors) > 1:
        raise Invalid("floor-twice", f"There are several floors for {floor.indicator}: one is enough.")


def source_of(indicator: Indicator) -> Source:
    return Source.residents if indicator in SAID_BY_RESIDENTS else Source.measured


def changes(before: Terms | None, after: Terms) -> Iterator[str]:
    """What is different, a line for each thing, in the order of the newer terms. Nothing came before a first version."""
    if before is None:
        yield "first version"
        return
    old = {criterion.code: criterion for criterion in before.criteria}
    for criterion in after.criteria:
        yield from _criterion_changes(old.pop(criterion.code, None), criterion)
    yield from (f"{criterion.code}: removed (weight {criterion.weight})" for criterion in old.values())
    yield from _floor_changes(before, after)
    yield from (f"gate {gate}: added" for gate in after.gates if gate not in before.gates)
    yield from (f"gate {gate}: removed" for gate in before.gates if gate not in after.gates)
    for level in (None, *Level):
        former, newer = (terms.bands if level is None else terms.level_bands.get(level) for terms in (before, after))
        if former != newer:
            yield f"bands{f' of {level}' if level else ''}: {_bands(former)} -> {_bands(newer)}"


def _criterion_changes(before: Criterion | None, after: Criterion) -> Iterator[str]:
    if before is None:
        yield f"{after.code}: added (weight {after.weight})"
        return
    old, new = (criterion.model_dump(mode="json") for criterion in (before, after))
    for name in Criterion.model_fields:
        if old[name] != new[name]:
            yield f"{after.code}: {name} {old[name]} -> {new[name]}"


def _floor_changes(before: Terms, after: Terms) -> Iterator[str]:
    old, new = ({floor.indicator: floor for floor in terms.floors} for terms in (before, after))
    for indicator in Indicator:
        if old.get(indicator) != new.get(indicator):
            yield f"floor of {indicator}: {_floor(old.get(indicator))} -> {_floor(new.get(indicator))}"


def _floor(floor: Floor | None) -> str:
    return f"{floor.at_least.normalize():f} over {floor.minimum_sample}" if floor else "none"


def _bands(bands: Bands | None) -> str:
    return f"{bands.qualified:.2f}/{bands.excellent:.2f}" if bands else "those of every level"
