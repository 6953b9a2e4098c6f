from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.indicators.rules import Indicator
from services.assessment.reports.rules.speech import Number, Speech
from services.assessment.standards.rules import Source
from shared.languages import Language
from tests.assessment.terms import criterion

EN, ZH = Speech(Language.en), Speech(Language.zh)
PER_HEAD = {"by": "population", "per": 1000, "terrain": {"mountains": 0.6, "islands": 0.5}}


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (Fraction(2, 3), "66.6%"),
        (Fraction(9_999, 10_000), "99.9%"),
        (Fraction(1), "100.0%"),
        (Fraction(0), "0.0%"),
        (0.57, "57.0%"),
        (0.29, "29.0%"),
        (2 / 3, "66.6%"),
        (Decimal("0.5"), "50%"),
        (Decimal("0.8550"), "85.5%"),
        (Decimal("1.0000"), "100%"),
        (Decimal(0), "0%"),
    ],
)
def test_shares(share: Number, told: str) -> None:
    assert EN.percent(share) == ZH.percent(share) == told


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_reads_the_same_from_a_float_and_is_never_rounded_up(counted: tuple[int, int]) -> None:
    hits, n = counted
    told = EN.percent(Fraction(hits, n))
    assert EN.percent(hits / n) == told
    assert Fraction(told.removesuffix("%")) / 100 <= Fraction(hits, n)


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0, "0 min", "0分钟"),
        (59.9, "0 min", "0分钟"),
        (60, "1 min", "1分钟"),
        (3_600, "1 h", "1小时"),
        (9_000, "2 h 30 min", "2小时30分钟"),
        (172_799, "47 h 59 min", "47小时59分钟"),
        (172_800, "2.0 days", "2.0天"),
        (302_400, "3.5 days", "3.5天"),
    ],
)
def test_durations(seconds: float, en: str, zh: str) -> None:
    assert (EN.duration(seconds), ZH.duration(seconds)) == (en, zh)


def test_days_and_moments_are_those_of_utc_and_say_so() -> None:
    at = datetime(2026, 3, 6, 1, 5, tzinfo=timezone(timedelta(hours=8)))
    assert (EN.day(at), ZH.day(at)) == ("5 March 2026", "2026年3月5日")
    assert (EN.moment(at), ZH.moment(at)) == ("5 March 2026, 17:05 UTC", "2026年3月5日17:05（UTC）")
    assert EN.moment(at) == EN.moment(at.astimezone(UTC))
    assert (EN.day(date(2026, 12, 31)), ZH.day(date(2026, 12, 31))) == ("31 December 2026", "2026年12月31日")


def test_a_value_is_told_in_what_it_is_counted_in() -> None:
    share = criterion(Indicator.response)
    scored = criterion(None, source=Source.inspector)
    made = criterion(Indicator.visits_made, normalisation=PER_HEAD, scale={"floor": 10, "target": 20})
    by_staff = criterion(Indicator.visits_made, normalisation={"by": "staff", "per": 1})
    assert [EN.value(each, Fraction(3, 4)) for each in (share, scored, made)] == ["75.0%", "75.0", "0.75"]
    assert EN.value(by_staff, Fraction(7, 3)) == "2.33"
    assert [EN.counted_in(each) for each in (share, scored, made, by_staff)] == [
        "", "of 100 points", "per 1,000 residents", "per 1 staff",
    ]  # fmt: skip
    assert [ZH.counted_in(each) for each in (scored, made, by_staff)] == [
        "分（满分100分）", "次／每1,000名居民", "次／每1名工作人员",
    ]  # fmt: skip
    assert [EN.end(made, end) for end in (made.scale.floor, made.scale.target)] == ["10", "20"]
    assert [EN.end(share, end) for end in (share.scale.floor, share.scale.target)] == ["0%", "100%"]


def test_a_formula_tells_normalisation_and_scale() -> None:
    made = criterion(Indicator.visits_made, normalisation=PER_HEAD, scale={"floor": 10, "target": 20})
    assert EN.formula(made) == (
        "visits made / (residents / 1,000), expected less by terrain: mountains 0.6, islands 0.5; "
        "worth nothing at 10, everything at 20"
    )
    assert ZH.formula(made) == (
        "已完成的走访次数÷（居民人数÷1,000），并按地形系数折算：山区 0.6、海岛 0.5；10时得分率为0，20时得分率为100%"
    )
    assert EN.formula(criterion(None)) == "mean score / 100; worth nothing at 0%, everything at 100%"


def test_a_decision_without_a_word_is_told_by_its_code() -> None:
    assert (EN.kind("grade.signed"), ZH.kind("grade.signed")) == ("grade signed", "签署等次")
    assert ZH.kind("orchard.planted") == "orchard.planted"
    assert (EN.rule("grade.two-signatures"), ZH.rule("grade.two-signatures"), ZH.rule("orchard.v1")) == (
        "two signatures", "经两人签署", "",
    )  # fmt: skip


def test_amounts_are_told_as_they_were_written() -> None:
    assert [EN.amount(value) for value in (2.0, 0.1, 1e6, -3.25)] == ["2", "0.1", "1000000", "-3.25"]
