"""What a report is made of, before it is put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from services.assessment.campaigns.models import Exclusion
from services.assessment.decisions.models import Decision
from services.assessment.grades.models import GradeSignature, UnitGrade
from services.assessment.grades.rules import GradeCause, GradeState
from services.assessment.grading.rules.judging import Branch, Grade, GradeValue
from services.assessment.grading.schemas import Scorecard
from services.assessment.objections.models import Objection
from services.assessment.outcomes.schemas import PublicOutcome
from services.assessment.profiles.models import UnitProfile
from services.assessment.reports.rules.telling import FloorShown
from services.assessment.reports.rules.views import View
from services.assessment.standards.rules import Bands, DeclaredGate
from services.assessment.units.models import Unit
from services.assessment.upgrade_plans.schemas import PlanOut, PublicPlan
from shared.types import JsonObject


@dataclass(frozen=True, slots=True)
class StandardNamed:
    name: str
    code: str
    version: int
    bands: Bands
    gates: tuple[DeclaredGate, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A grade as the reader may know it: `grade` decided, `parts` are shown. `signed`: the grade in the database that it is;
    None: nobody has signed it, and it is what the rules make of what is known now."""

    grade: Grade
    parts: tuple[Branch, ...]
    floors: tuple[FloorShown, ...]
    standard: StandardNamed | None
    campaign: str | None
    since: datetime | None
    until: datetime | None
    counted_at: datetime
    signed: UnitGrade | None = None
    signatures: Sequence[GradeSignature] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastGrade:
    state: GradeState
    cause: GradeCause
    value: GradeValue
    composite: Fraction | None
    campaign: str
    published_at: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Register:
    """What those who assess see besides."""

    objections: Sequence[Objection]
    decisions: Sequence[Decision]
    units: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Report:
    """`at_present`: the grade in a running campaign, beside one that stands. `names`: of the criteria that the plan speaks of."""

    view: View
    unit: Unit
    above: Sequence[Unit]
    profile: UnitProfile | None
    card: Scorecard
    judged: Judged
    at_present: Judged | None
    history: Sequence[PastGrade]
    outcomes: Sequence[PublicOutcome]
    plan: PublicPlan | PlanOut | None
    names: Mapping[str, str]
    exclusions: Sequence[tuple[Exclusion, str]]
    register: Register | None
    made_at: datetime

    @property
    def corrections(self) -> list[JsonObject]:
        return self.judged.signed.corrections if self.judged.signed else []
