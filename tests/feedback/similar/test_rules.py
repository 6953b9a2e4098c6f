"""What is alike, by its words, its place, its category and its time."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.similar.rules import (
    CELLS_PER_DEGREE,
    LIKELY,
    METRES_PER_DEGREE,
    NEARBY_M,
    SPEAKS,
    Matter,
    Spot,
    Wanted,
    Why,
    cells_around,
    coarse,
    distance_m,
    likeness,
)
from tests.feedback.similar import pairs

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = Spot(30.572, 104.066)
Pairs = Sequence[tuple[str, str]]


def north(metres: float) -> Spot:
    return Spot(HERE.latitude + metres / METRES_PER_DEGREE, HERE.longitude)


def matter(**known: Any) -> Matter:
    plain = {"title": "The lamp is broken", "body": "", "category": None, "spot": None, "place": None, "at": NOW}
    return Matter(**{**plain, **known})


OTHER_WORDS = {"title": "Nobody collects the rubbish"}


def found(same: Pairs, different: Pairs) -> tuple[float, float]:
    """(precision, recall) of what is called alike by its words."""
    right = sum(likeness(*pair) >= SPEAKS[Why.text] for pair in same)
    wrong = sum(likeness(*pair) >= SPEAKS[Why.text] for pair in different)
    return right / (right + wrong), right / len(same)


def test_pairs_of_both_languages_are_told_apart_as_well_as_measured() -> None:
    """In each table half is English, half Chinese; the pairs that differ were chosen to be hard."""
    precision, recall = found(pairs.CHOOSING_SAME, pairs.CHOOSING_DIFFERENT)
    assert (round(precision, 2), recall) == (0.86, 1.0)
    precision, recall = found(pairs.HELD_OUT_SAME, pairs.HELD_OUT_DIFFERENT)
    assert (round(precision, 2), round(recall, 2)) == (0.75, 0.94)


@pytest.mark.parametrize("pair", pairs.CHOOSING_SAME, ids=str)
def test_a_paraphrase_is_closer_than_every_other_matter(pair: tuple[str, str]) -> None:
    others = [other for _, other in pairs.CHOOSING_SAME if other != pair[1]]
    assert likeness(*pair) > max(likeness(pair[0], other) for other in others)


@given(st.text(), st.text())
def test_likeness_is_a_share_of_both(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("LAMP", "lamp"), ("Ｌａｍｐ", "lamp"), ("street-lamp", "street lamp!"), ("路灯，坏了", "路灯 坏了"), ("Straße", "STRASSE")],
)
def test_how_it_is_written_does_not_matter(one: str, other: str) -> None:
    assert likeness(one, other) == 1


@pytest.mark.parametrize(
    ("mine", "other", "listed", "why"),
    [
        ({}, {}, True, ["time", "text"]),
        ({}, OTHER_WORDS, False, ["time"]),
        ({}, {"at": NOW - timedelta(days=300)}, True, ["text"]),
        ({"spot": HERE}, {"spot": north(100), **OTHER_WORDS}, False, ["place", "time"]),
        ({"spot": HERE, "category": "light"}, {"spot": north(30), "category": "light", **OTHER_WORDS}, True, None),
        ({"spot": HERE, "category": "light"}, {"spot": north(30), "category": "waste", **OTHER_WORDS}, False, ["place", "time"]),
        ({"spot": HERE}, {"spot": north(2_000), "title": "The lamp is dark"}, False, None),
        ({"spot": HERE, "category": "light"}, {"category": "light", **OTHER_WORDS}, False, ["time", "category"]),
        ({"place": "The old well"}, {"place": "At the old well"}, True, ["place", "time", "text"]),
    ],
)
def test_what_is_suggested_and_why(mine: dict[str, Any], other: dict[str, Any], listed: bool, why: list[str] | None) -> None:
    match = Wanted.of(matter(**mine)).match(matter(**other))
    assert (match.score >= LIKELY) is listed
    assert why is None or list(match.why) == why


def test_words_that_are_elsewhere_are_not_compared() -> None:
    finding = matter(title="Finding from a visit", body=None, category="light", spot=HERE)
    match = Wanted.of(finding).match(matter(title="Finding from a visit", body=None, category="waste", spot=north(600)))
    assert Why.text not in match.why
    assert match.score < LIKELY


def test_what_one_says_in_the_title_another_says_in_the_body() -> None:
    one = matter(title="A complaint", body="The street lamp at the well is broken")
    other = matter(title="Street lamp broken", body="At the well, for a month.")
    assert Wanted.of(one).match(other).score >= LIKELY


@pytest.mark.parametrize(
    ("other", "metres"),
    [(HERE, 0), (north(120), 100), (north(260), 300), (Spot(HERE.latitude, HERE.longitude + 0.01), 1000)],
)
def test_a_distance_is_told_in_steps_of_a_hundred_metres(other: Spot, metres: int) -> None:
    assert Wanted.of(matter(spot=HERE)).match(matter(spot=other)).distance_m == metres


def test_a_distance_goes_the_short_way_round() -> None:
    assert distance_m(Spot(0, 179.999), Spot(0, -179.999)) == pytest.approx(222.4, abs=0.1)
    assert distance_m(HERE, None) is None
    assert coarse(Spot(30.5724, 104.0656)) == Spot(30.572, 104.066)


@given(
    st.floats(-70, 70),
    st.floats(-179.99, 179.99),
    st.floats(0, 2 * math.pi),
    st.floats(0, NEARBY_M - 1),
)
def test_whatever_is_near_lies_in_one_of_the_cells(latitude: float, longitude: float, angle: float, metres: float) -> None:
    here, degrees = Spot(latitude, longitude), metres / METRES_PER_DEGREE
    east = degrees * math.sin(angle) / math.cos(math.radians(latitude))
    other = Spot(latitude + degrees * math.cos(angle), (longitude + east + 180) % 360 - 180)
    if (distance_m(here, other) or 0) < NEARBY_M:
        cell = (math.floor(other.latitude * CELLS_PER_DEGREE), math.floor(other.longitude * CELLS_PER_DEGREE))
        assert cell in cells_around(here)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_there_are_few_cells_everywhere(latitude: float, longitude: float) -> None:
    assert 1 <= len(cells_around(Spot(latitude, longitude))) <= 14
