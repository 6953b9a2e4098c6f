import re
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.grading.rules.evidence import UNSEEN, Evidence, Observed
from services.assessment.grading.rules.judging import Grade, GradeValue, grade
from services.assessment.indicators.rules import Indicator, Retaliations
from services.assessment.reports.rules.speech import Speech
from services.assessment.reports.rules.telling import Verdict, advice, floors_of, reasons, uncertainty
from services.assessment.reports.rules.views import View, view_of
from services.assessment.standards.rules import Floor, Terms
from shared.languages import Language
from shared.types import Level
from tests.assessment.terms import BASIC, all_terms, criterion, tallies, terms

EN, ZH = Speech(Language.en), Speech(Language.zh)
NUMBERS = re.compile(r"\d+(?:\.\d+)?")
FOUND = Retaliations(2, datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))


def told(speech: Speech, asked: Terms, evidence: Evidence, *, in_full: bool = False) -> list[str]:
    found = {floor.indicator: evidence.floors.get(floor.indicator, UNSEEN) for floor in asked.floors}
    floors = floors_of(asked, found, graded_in_full=in_full, in_full=in_full)
    return list(reasons(speech, grade(asked, evidence, in_full=in_full), asked.bands_for(evidence.level), floors))


def counted(hits: int, n: int) -> Observed:
    return Observed(hits, Fraction(n), n)


@st.composite
def graded(draw: st.DrawFn) -> tuple[Terms, Evidence, bool]:
    asked = draw(all_terms())
    seen = {each.code: draw(tallies()) for each in asked.criteria}
    floors = {floor.indicator: draw(tallies()) for floor in asked.floors}
    return asked, Evidence(Level.county, seen, floors), draw(st.booleans())


@given(graded())
def test_both_languages_give_a_reason_for_every_grade_and_the_same_figures(drawn: tuple[Terms, Evidence, bool]) -> None:
    asked, evidence, in_full = drawn
    english, chinese = (told(speech, asked, evidence, in_full=in_full) for speech in (EN, ZH))
    assert english
    assert [sorted(NUMBERS.findall(each)) for each in english] == [sorted(NUMBERS.findall(each)) for each in chinese]


@given(graded())
def test_the_figures_are_those_of_the_reason_that_is_kept(drawn: tuple[Terms, Evidence, bool]) -> None:
    asked, evidence, in_full = drawn
    found = grade(asked, evidence, in_full=in_full)
    if not found.gates:
        said = " ".join(told(EN, asked, evidence, in_full=in_full))
        assert NUMBERS.findall(said) == NUMBERS.findall(found.reason)


@given(graded())
def test_uncertainty_and_advice_are_told_where_there_is_a_grade_by_composite(drawn: tuple[Terms, Evidence, bool]) -> None:
    asked, evidence, in_full = drawn
    found = grade(asked, evidence, in_full=in_full)
    for speech in (EN, ZH):
        assert (uncertainty(speech, found) is None) == (found.between is None)
        assert bool(list(advice(speech, found))) == (found.advice is not None)


def test_bands() -> None:
    def by(hits: int) -> list[str]:
        return [
            sentence
            for speech in (EN, ZH)
            for sentence in told(
                speech, terms(criterion(Indicator.response)), Evidence(Level.county, {"response": counted(hits, 1000)})
            )
        ]

    assert by(599) == ["The composite 0.59 is below 0.60, which would be qualified.", "综合得分0.59，低于合格标准0.60。"]
    assert by(600) == [
        "The composite 0.60 reaches 0.60; 0.85 would be excellent.",
        "综合得分0.60，达到合格标准0.60；达到0.85为优秀。",
    ]
    assert by(999) == ["The composite 0.99 reaches 0.85, which is excellent.", "综合得分0.99，达到优秀标准0.85。"]


def test_what_is_missing() -> None:
    evidence = Evidence(Level.county, {"response": counted(5, 5), "resolution": counted(2, 2), "satisfaction": UNSEEN})
    assert told(ZH, BASIC, evidence, in_full=True) == [
        "“Something”至少需要5个样本（居民对是否解决的评价），现有2个。",
        "“Something”至少需要5个样本（满意度评价），现有0个。",
    ]
    assert told(ZH, BASIC, evidence) == ["“Something”涉及的居民人数过少，不予显示。"] * 2
    made = criterion(Indicator.visits_made, normalisation={"by": "staff", "per": 1})
    undeclared = Evidence(Level.county, {made.code: Observed(5, Fraction(0), 5)})
    assert told(ZH, terms(made), undeclared) == ["“Something”需要单位概况数据，本单位尚未申报。"]


def test_nothing_measures_a_unit_without_a_campaign() -> None:
    nothing = grade(None, Evidence(Level.county, {}), in_full=True)
    assert list(reasons(ZH, nothing, None, ())) == ["目前没有评定活动覆盖本单位。"]


def test_gates_are_told_alone_and_all_of_them() -> None:
    asked = terms(criterion(Indicator.response), floors=[Floor(indicator=Indicator.response, at_least=Decimal("0.855"))])
    evidence = Evidence(Level.county, {"response": counted(17, 20)}, {Indicator.response: counted(17, 20)}, FOUND)
    assert told(EN, asked, evidence) == [
        "Retaliation was found true (2). It counts until 4 March 2027 and makes the unit unqualified, whatever the composite.",
        "“Response rate” is 85.0%, below its floor of 85.5%. This makes the unit unqualified, whatever the composite.",
    ]
    assert told(ZH, asked, evidence) == [
        "经查实存在打击报复行为（2起），在2027年3月4日前有效；无论综合得分高低，一律评定为不合格。",
        "“响应率”为85.0%，低于底线要求85.5%；无论综合得分高低，一律评定为不合格。",
    ]


def test_a_floor_cannot_be_told_by_too_little() -> None:
    def of(observed: Observed, *, in_full: bool = False) -> tuple[Verdict, bool]:
        floor = Floor(indicator=Indicator.satisfaction, at_least=Decimal("0.5"), minimum_sample=2)
        [shown] = floors_of(
            terms(criterion(Indicator.response), floors=[floor]),
            {Indicator.satisfaction: observed},
            graded_in_full=in_full,
            in_full=in_full,
        )
        return shown.verdict, shown.shown

    assert of(counted(5, 10)) == (Verdict.passed, True)
    assert of(counted(4, 10)) == (Verdict.not_passed, True)
    assert of(counted(4, 4)) == (Verdict.cannot_be_told, False)
    assert of(counted(4, 4), in_full=True) == (Verdict.passed, True)
    assert of(counted(1, 1), in_full=True) == (Verdict.cannot_be_told, True)
    assert of(UNSEEN, in_full=True) == (Verdict.cannot_be_told, True)


def test_the_change_that_would_raise_it_most() -> None:
    evidence = Evidence(
        Level.county, {"response": counted(10, 10), "resolution": counted(6, 10), "satisfaction": counted(10, 10)}
    )
    found = grade(BASIC, evidence, in_full=True)
    assert list(advice(ZH, found)) == [
        "“Something”：综合得分最多可提高0.18。",
        "仅此一项再增加2个正面样本（居民对是否解决的评价），即可评定为优秀。",
    ]
    best = Grade(GradeValue.excellent, "", Fraction(1), parts=())
    assert list(advice(EN, best)) == []


def test_certain_or_not() -> None:
    lowest, sure = (
        Grade(low, "", Fraction(1), parts=(), between=(low, GradeValue.excellent))
        for low in (GradeValue.qualified, GradeValue.excellent)
    )
    assert (
        uncertainty(EN, lowest) == "By the 95% intervals of the shares the grade could lie anywhere from qualified to excellent."
    )
    assert uncertainty(ZH, sure) == "按各项比率的95%置信区间，等次不会改变。"


def test_whom_a_report_is_for() -> None:
    assert view_of(assesses=True, answers=False) is view_of(assesses=True, answers=True) is View.inspector
    assert view_of(assesses=False, answers=True) is View.unit
    assert view_of(assesses=False, answers=False) is View.public
