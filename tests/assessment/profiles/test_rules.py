from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.profiles.rules import MOST_PEOPLE, MOST_STAFF, Profile, check_as_of, peer_group
from shared.errors import Invalid
from shared.events.assessment import Terrain
from shared.types import Level

TODAY = date(2026, 3, 2)
levels, terrains = st.sampled_from(Level), st.sampled_from(Terrain)
people, staff = st.integers(1, MOST_PEOPLE), st.integers(0, MOST_STAFF)


@pytest.mark.parametrize(
    ("population", "code"),
    [
        (1, "township.hills.1e0"),
        (9, "township.hills.1e0"),
        (10, "township.hills.1e1"),
        (9_999, "township.hills.1e3"),
        (10_000, "township.hills.1e4"),
        (99_999, "township.hills.1e4"),
        (100_000, "township.hills.1e5"),
        (MOST_PEOPLE, "township.hills.1e9"),
    ],
)
def test_peer_group_is_read_from_its_code(population: int, code: str) -> None:
    assert peer_group(Level.township, Profile(population, 40, Terrain.hills)).code == code


@given(level=levels, terrain=terrains, population=people, first=staff, second=staff)
def test_how_many_work_there_never_decides_who_is_a_peer(
    level: Level, terrain: Terrain, population: int, first: int, second: int
) -> None:
    groups = {peer_group(level, Profile(population, number, terrain)) for number in (first, second)}
    assert len(groups) == 1


@given(level=levels, terrain=terrains, population=people)
def test_peers_differ_in_population_by_less_than_ten_times(level: Level, terrain: Terrain, population: int) -> None:
    group = peer_group(level, Profile(population, 1, terrain))
    assert 10**group.band <= population < 10 ** (group.band + 1)


@given(one=st.tuples(levels, terrains, people), other=st.tuples(levels, terrains, people))
def test_groups_are_equal_exactly_if_their_codes_are(one: tuple[Level, Terrain, int], other: tuple[Level, Terrain, int]) -> None:
    groups = [peer_group(level, Profile(population, 1, terrain)) for level, terrain, population in (one, other)]
    assert (groups[0] == groups[1]) == (groups[0].code == groups[1].code)


def test_a_profile_is_of_a_day_that_has_come() -> None:
    check_as_of(TODAY, TODAY)
    check_as_of(TODAY - timedelta(days=1), TODAY)
    with pytest.raises(Invalid, match="profile-in-the-future"):
        check_as_of(TODAY + timedelta(days=1), TODAY)
