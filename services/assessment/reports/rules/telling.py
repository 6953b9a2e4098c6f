"""Why a grade is what it is, in words of either language, from the same tree. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from services.assessment.grading.rules.evidence import Observed
from services.assessment.grading.rules.gates import AlarmGate, Gate, RetaliationGate
from services.assessment.grading.rules.judging import Branch, Grade, GradeValue
from services.assessment.grading.rules.showing import hundredths, is_hidden
from services.assessment.indicators.rules import Indicator
from services.assessment.reports.rules.speech import Speech
from services.assessment.standards.rules import Bands, Floor, Terms


class Verdict(StrEnum):
    """Of a floor."""

    passed = "passed"
    not_passed = "not_passed"
    cannot_be_told = "cannot_be_told"


@dataclass(frozen=True, slots=True)
class FloorShown:
    """`hidden`: the grade does not rest on it, because too few residents stand behind it; `shown`: this reader may see it."""

    floor: Floor
    observed: Observed
    hidden: bool
    shown: bool

    @property
    def missing(self) -> bool:
        return self.observed.n < self.floor.minimum_sample

    @property
    def verdict(self) -> Verdict:
        value = self.observed.value
        if self.hidden or self.missing or value is None:
            return Verdict.cannot_be_told
        return Verdict.passed if value >= self.floor.at_least else Verdict.not_passed


def floors_of(
    terms: Terms | None, found: Mapping[Indicator, Observed], *, graded_in_full: bool, in_full: bool
) -> tuple[FloorShown, ...]:
    """Every floor of the standard. `graded_in_full`: the grade itself rests on few residents too."""
    floors = terms.floors if terms else ()
    return tuple(
        FloorShown(
            floor,
            found[floor.indicator],
            is_hidden(floor.indicator, found[floor.indicator].spoken, in_full=graded_in_full),
            not is_hidden(floor.indicator, found[floor.indicator].spoken, in_full=in_full),
        )
        for floor in floors
    )


def reasons(speech: Speech, grade: Grade, bands: Bands | None, floors: tuple[FloorShown, ...]) -> Iterator[str]:
    """A sentence for each thing that decides: the gates, else what is missing, else the composite and its band."""
    if grade.gates:
        yield from (_gate(speech, gate) for gate in grade.gates)
    elif bands is None:
        yield speech.say("no_campaign")
    elif grade.composite is None:
        yield from (_lack(speech, part) for part in grade.parts if part.lacks)
        yield from (_floor_lack(speech, each) for each in floors if each.verdict is Verdict.cannot_be_told)
    else:
        yield _band(speech, grade, bands)


def uncertainty(speech: Speech, grade: Grade) -> str | None:
    """Which grades the intervals leave possible; None where that cannot be told."""
    if grade.between is None:
        return None
    low, high = grade.between
    if low is high:
        return speech.say("certain")
    return speech.say("between", low=speech.word(low), high=speech.word(high))


def advice(speech: Speech, grade: Grade) -> Iterator[str]:
    """The change that would raise it most."""
    if grade.advice is None:
        return
    found = grade.advice
    [criterion] = [part.criterion for part in grade.parts if part.criterion.code == found.criterion]
    yield speech.say("gain", criterion=criterion.name, gain=hundredths(found.gain))
    if found.further is not None and found.band is not None:
        counted = speech.observations(criterion)
        yield speech.say("further", further=found.further, observations=counted, band=speech.word(found.band))


def _gate(speech: Speech, gate: Gate) -> str:
    if isinstance(gate, RetaliationGate):
        return speech.say("gate_retaliation", count=gate.count, until=speech.day(gate.until))
    if isinstance(gate, AlarmGate):
        return speech.say("gate_alarm", count=gate.count, since=speech.day(gate.since), until=speech.day(gate.until))
    value = speech.percent(gate.observed.value or 0)
    told = {"indicator": speech.word(gate.floor.indicator), "at_least": speech.percent(gate.floor.at_least)}
    return speech.say("gate_floor", value=value, **told)


def _lack(speech: Speech, part: Branch) -> str:
    name = part.criterion.name
    if part.hidden:
        return speech.say("lacks_voices", criterion=name)
    if not part.missing:
        return speech.say("lacks_profile", criterion=name)
    counted = speech.observations(part.criterion)
    return speech.say("lacks_observations", criterion=name, minimum=part.minimum, observations=counted, n=part.observed.n)


def _floor_lack(speech: Speech, each: FloorShown) -> str:
    name = speech.word(each.floor.indicator)
    if each.hidden:
        return speech.say("floor_lacks_voices", indicator=name)
    told = {"minimum": each.floor.minimum_sample, "observations": speech.observations(each.floor.indicator)}
    return speech.say("floor_lacks_observations", indicator=name, n=each.observed.n, **told)


def _band(speech: Speech, grade: Grade, bands: Bands) -> str:
    told = {"qualified": f"{bands.qualified:.2f}", "excellent": f"{bands.excellent:.2f}"}
    composite = hundredths(grade.composite or Fraction(0))
    if grade.value is GradeValue.excellent:
        return speech.say("reaches_excellent", composite=composite, **told)
    key = "reaches_qualified" if grade.value is GradeValue.qualified else "below_qualified"
    return speech.say(key, composite=composite, **told)
