"""Sentences and figures in one language. Pure: what is rounded is rounded down, so that nothing shown reaches what was missed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.assessment.grading.rules.showing import hundredths
from services.assessment.indicators.rules import Indicator
from services.assessment.reports.rules.phrases import PHRASES, Phrase
from services.assessment.reports.rules.words import (
    FORMULAS,
    KINDS,
    OBSERVATIONS,
    OWED,
    ROLES,
    RULES,
    SCORED,
    SCORES,
    WORDS,
)
from services.assessment.standards.rules import Criterion
from services.assessment.upgrade_plans.rules import PlanState
from shared.languages import Language

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MINUTE, HOUR, DAY = 60, 3_600, 86_400
DAYS_FROM = 2 * DAY
"""Shorter times are told in hours."""

Number = Fraction | Decimal | float


@dataclass(frozen=True, slots=True)
class Speech:
    """Speaks one language."""

    language: Language

    def say(self, key: str, **told: object) -> str:
        return self._of(PHRASES[key]).format(**told)

    def word(self, code: StrEnum) -> str:
        """What a code means."""
        return self._of(WORDS[type(code)][code])

    def tell(self, phrase: Phrase, **told: object) -> str:
        return self._of(phrase).format(**told)

    def role(self, role: str) -> str:
        return self._of(ROLES[role])

    def kind(self, kind: str) -> str:
        """Of a decision; its code where there is no word for it."""
        return self._of(KINDS[kind]) if kind in KINDS else kind

    def rule(self, rule: str) -> str:
        """Nothing where there is no word for it."""
        return self._of(RULES[rule]) if rule in RULES else ""

    def plan_state(self, state: str) -> str:
        return self.word(PlanState(state)) if state in list(PlanState) else self._of(OWED)

    def observations(self, of: Criterion | Indicator) -> str:
        """What is counted."""
        if isinstance(of, Indicator):
            return self._of(OBSERVATIONS[of])
        return self._of(OBSERVATIONS[of.indicator] if of.indicator else SCORES[of.source])

    def formula(self, criterion: Criterion) -> str:
        """What a criterion's value is, by its normalisation and on its scale."""
        said = self._of(FORMULAS[criterion.indicator] if criterion.indicator else SCORED)
        if by := criterion.normalisation:
            said = self.say("formula_population" if by.by == "population" else "formula_staff", formula=said, per=by.per)
            if by.terrain:
                factors = self.comma.join(f"{self.word(ground)} {_plain(factor)}" for ground, factor in by.terrain.items())
                said = self.say("formula_terrain", formula=said, factors=factors)
        floor, target = (self.end(criterion, end) for end in (criterion.scale.floor, criterion.scale.target))
        return self.say("formula_scaled", formula=said, floor=floor, target=target)

    def value(self, criterion: Criterion, value: Fraction) -> str:
        """As a number of what `counted_in` says."""
        if criterion.indicator is None:
            return _tenths(value * 100)
        return str(hundredths(value)) if criterion.normalisation else self.percent(value)

    def counted_in(self, criterion: Criterion) -> str:
        """Nothing for a share."""
        if criterion.indicator is None:
            return self.say("of_points")
        if (by := criterion.normalisation) is None:
            return ""
        return self.say("per_population" if by.by == "population" else "per_staff", per=by.per)

    def end(self, criterion: Criterion, end: Decimal) -> str:
        """Of its scale."""
        return _plain(end) if criterion.normalisation else self.percent(end)

    def percent(self, share: Number) -> str:
        """With a tenth; as it was declared where that is a decimal. A float stands for the number that it is written as."""
        if isinstance(share, Decimal):
            return f"{_plain(share * 100)}%"
        return f"{_tenths(Fraction(repr(share) if isinstance(share, float) else share) * 100)}%"

    def hundredths(self, share: Number) -> str:
        return str(hundredths(Fraction(share)))

    def amount(self, value: float) -> str:
        """As it was written."""
        return _plain(Decimal(repr(value)))

    def day(self, when: date | datetime) -> str:
        at = when.astimezone(UTC) if isinstance(when, datetime) else when
        if self.language is Language.zh:
            return f"{at.year}年{at.month}月{at.day}日"
        return f"{at.day} {MONTHS[at.month - 1]} {at.year}"

    def moment(self, when: datetime) -> str:
        clock = when.astimezone(UTC).strftime("%H:%M")
        return f"{self.day(when)}{clock}（UTC）" if self.language is Language.zh else f"{self.day(when)}, {clock} UTC"

    def duration(self, seconds: float) -> str:
        """In days with a tenth, or in hours and minutes."""
        whole = int(seconds)
        if whole >= DAYS_FROM:
            return self.say("days", number=_tenths(Fraction(whole, DAY)))
        hours, minutes = divmod(whole // MINUTE, HOUR // MINUTE)
        if not hours:
            return self.say("minutes", number=minutes)
        told = self.say("hours", number=hours)
        return self.say("hours_minutes", hours=told, minutes=self.say("minutes", number=minutes)) if minutes else told

    @property
    def comma(self) -> str:
        return "、" if self.language is Language.zh else ", "

    def _of(self, phrase: Phrase) -> str:
        return phrase.zh if self.language is Language.zh else phrase.en


def _tenths(value: Fraction) -> str:
    tenths = value.numerator * 10 // value.denominator
    return f"{tenths // 10}.{tenths % 10}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
