"""What decides alone, whatever else a unit did. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from services.assessment.grading.rules.evidence import UNSEEN, Evidence, Observed
from services.assessment.grading.rules.showing import hundredths, is_hidden
from services.assessment.indicators.rules import (
    MEANINGS,
    RETALIATION_COUNTS_FOR,
    Meaning,
)
from services.assessment.standards.rules import (
    DeclaredGate,
    Floor,
    Terms,
)


class GateCode(StrEnum):
    retaliation = "retaliation"
    floor = "floor"
    upheld_alarm = "upheld_alarm"


RETALIATION = Meaning(
    "reports of retaliation that were found true",
    f"any decided in the last {RETALIATION_COUNTS_FOR.days} days: unqualified, whatever the composite",
    "feedback: RetaliationDecided (substantiated)",
)


@dataclass(frozen=True, slots=True)
class CountedGate:
    """What was found so many times makes a unit unqualified by itself; `since` and `until` are days, both included."""

    code: ClassVar[GateCode]
    meaning: ClassVar[Meaning]
    count: int
    since: date
    until: date

    @property
    def name(self) -> str:
        return self.code


class RetaliationGate(CountedGate):
    """It counts between these days."""

    __slots__ = ()
    code = GateCode.retaliation
    meaning = RETALIATION

    @property
    def reason(self) -> str:
        return f"{self.code} was found, which counts until {self.until}"


ALARMS = Meaning(
    "alarms about closing in bulk that somebody above the unit upheld",
    "any about a day of the period: unqualified, whatever the composite",
    "assessment: BulkClosingSuspected, upheld",
)


class AlarmGate(CountedGate):
    """The first and the last day that the upheld alarms are about."""

    __slots__ = ()
    code = GateCode.upheld_alarm
    meaning = ALARMS

    @property
    def reason(self) -> str:
        days = f"on {self.since}" if self.since == self.until else f"from {self.since} to {self.until}"
        return f"cases were closed to be closed {days}: {self.code}"


@dataclass(frozen=True, slots=True)
class FloorGate:
    """An indicator below what its floor asks for makes a unit unqualified by itself."""

    code: ClassVar[GateCode] = GateCode.floor
    floor: Floor
    observed: Observed

    @property
    def meaning(self) -> Meaning:
        return MEANINGS[self.floor.indicator]

    @property
    def name(self) -> str:
        """One of several floors."""
        return f"{self.code}.{self.floor.indicator}"

    @property
    def reason(self) -> str:
        value = self.observed.value or Fraction(0)
        return f"{self.floor.indicator} {hundredths(value)} is below its floor of {self.floor.at_least.normalize():f}"


Gate = RetaliationGate | AlarmGate | FloorGate


def gates_of(terms: Terms | None, evidence: Evidence, *, in_full: bool) -> tuple[Gate, ...]:
    """What is reported or suspected and not found true is no gate, and neither is how much is reported: silence must not pay."""
    gates: list[Gate] = []
    if found := evidence.retaliations:
        until = (found.last_at + RETALIATION_COUNTS_FOR).date()
        gates.append(RetaliationGate(found.count, found.first_at.date(), until))
    if (upheld := evidence.alarms) and terms and DeclaredGate.upheld_alarm in terms.gates:
        gates.append(AlarmGate(upheld.count, upheld.first_at.date(), upheld.last_at.date()))
    for floor in terms.floors if terms else ():
        observed = evidence.floors.get(floor.indicator, UNSEEN)
        value = observed.value
        if value is not None and lack_of(floor, evidence, in_full) is None and value < Fraction(floor.at_least):
            gates.append(FloorGate(floor, observed))
    return tuple(gates)


def lack_of(floor: Floor, evidence: Evidence, in_full: bool) -> str | None:
    """What keeps a floor from being looked at; None where nothing does."""
    observed, observations = evidence.floors.get(floor.indicator, UNSEEN), MEANINGS[floor.indicator].observations
    if is_hidden(floor.indicator, observed.spoken, in_full=in_full):
        return f"the floor of {floor.indicator} has too few {observations} to be shown"
    if observed.n < floor.minimum_sample:
        return f"the floor of {floor.indicator} needs {floor.minimum_sample} {observations}, has {observed.n}"
    return None
