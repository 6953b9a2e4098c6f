"""The planner, by itself: what it promises of every county, and how it decides in small ones."""

from collections import Counter
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.visits.proposals.rules.ground import WEEK, Contact, Ground, Measures, Place, Post, Reach, Reason
from services.visits.proposals.rules.placing import deal_in_turn, place_nearest
from services.visits.proposals.rules.planner import Draft, Proposal, ceilings, exchange, propose
from services.visits.proposals.rules.scheduling import spread, start_in_turn

COUNTY, VILLAGE = UUID(int=1), UUID(int=2)
MONDAY = 0
ALL = frozenset({COUNTY, VILLAGE})
CENTRE, NORTH, FAR = Place(30.0, 110.0), Place(30.1, 110.0), Place(31.0, 110.0)


def contact(number: int, place: Place | None = CENTRE, *, rhythm: int = 28, due_in: int = 28, **changes: object) -> Contact:
    values = {"unit_id": COUNTY, "contacted": False, **changes}
    return Contact(id=UUID(int=1000 + number), place=place, rhythm_days=rhythm, due_in=due_in, **values)  # type: ignore[arg-type]


def post(number: int, place: Place | None = CENTRE, *, makes: int = 10, owed: float = 0.0, units: frozenset[UUID] = ALL) -> Post:
    return Post(UUID(int=100 + number), place, makes, owed, units)


def plan(contacts: list[Contact], posts: list[Post], *, weeks: int = 26) -> Proposal:
    return propose(contacts, posts, weeks=weeks, first_weekday=MONDAY)


def shares(proposal: Proposal) -> Counter[int]:
    return Counter(assignment.post_id.int - 100 for assignment in proposal.assignments)


degrees = st.integers(0, 40).map(lambda step: step / 20)
places = st.one_of(st.none(), st.builds(Place, degrees.map(lambda d: 30 + d), degrees.map(lambda d: 110 + d)))
units = st.sampled_from([COUNTY, VILLAGE])
some_contacts = st.lists(
    st.tuples(places, st.sampled_from([7, 10, 14, 28, 30, 90, 366]), st.integers(-100, 366), st.booleans(), units), max_size=60
).map(
    lambda drawn: [
        contact(number, place, rhythm=rhythm, due_in=min(due_in, rhythm), contacted=contacted, unit_id=unit)
        for number, (place, rhythm, due_in, contacted, unit) in enumerate(drawn)
    ]
)
some_posts = st.lists(
    st.tuples(places, st.sampled_from([1, 2, 5, 40, 100]), st.floats(0, 50), st.sampled_from([ALL, frozenset({VILLAGE})])),
    min_size=1,
    max_size=6,
).map(
    lambda drawn: [
        post(number, place, makes=makes, owed=owed, units=reach) for number, (place, makes, owed, reach) in enumerate(drawn)
    ]
)


@settings(max_examples=300, deadline=None)
@given(some_contacts, some_posts, st.integers(1, 52), st.integers(0, 6))
def test_no_proposal_is_worse_than_dealing_out_in_turn(
    contacts: list[Contact], posts: list[Post], weeks: int, first_weekday: int
) -> None:
    found = propose(contacts, posts, weeks=weeks, first_weekday=first_weekday)
    assert found.measures.max_load <= found.round_robin.max_load
    assert found.measures.overdue <= found.round_robin.overdue
    assert found.measures.km_per_year <= found.round_robin.km_per_year


@settings(max_examples=100, deadline=None)
@given(some_contacts, some_posts, st.randoms(use_true_random=False))
def test_the_order_in_which_they_come_does_not_matter(contacts: list[Contact], posts: list[Post], chance: Random) -> None:
    found = plan(contacts, posts)
    chance.shuffle(contacts)
    chance.shuffle(posts)
    assert plan(contacts, posts) == found


@settings(max_examples=100, deadline=None)
@given(some_contacts, some_posts)
def test_everybody_within_reach_gets_one_post_that_may_take_them(contacts: list[Contact], posts: list[Post]) -> None:
    found = plan(contacts, posts)
    known, takers = {each.id: each for each in contacts}, {each.id: each for each in posts}
    assert sorted([*found.out_of_reach, *(each.contact_id for each in found.assignments)]) == sorted(known)
    for each in found.assignments:
        assert known[each.contact_id].unit_id in takers[each.post_id].units
        assert each.first_day >= 0
    for each_id in found.out_of_reach:
        assert not any(known[each_id].unit_id in taker.units for taker in posts)


@settings(max_examples=100, deadline=None)
@given(some_contacts, some_posts, st.integers(1, 52))
def test_no_week_asks_more_of_a_post_than_it_can_make_of_those_whose_rhythm_is_held(
    contacts: list[Contact], posts: list[Post], weeks: int
) -> None:
    found = plan(contacts, posts, weeks=weeks)
    rhythms, weekly = {each.id: each.rhythm_days for each in contacts}, Counter[tuple[UUID, int]]()
    for each in found.assignments:
        if each.reach is not Reach.over_capacity:
            weekly.update((each.post_id, day // WEEK) for day in range(each.first_day, weeks * WEEK, rhythms[each.contact_id]))
    makes = {each.id: each.visits_per_week for each in posts}
    assert all(count <= makes[post_id] for (post_id, _), count in weekly.items())


@settings(max_examples=100, deadline=None)
@given(some_contacts, some_posts, st.integers(1, 52))
def test_an_exchange_changes_neither_load_nor_how_many_are_late(contacts: list[Contact], posts: list[Post], weeks: int) -> None:
    ground = Ground(contacts, posts)
    dealt = deal_in_turn(ground)
    before = Draft(dealt, start_in_turn(ground, dealt, weeks, MONDAY))
    after = exchange(ground, before)
    was, now = ground.measure(before.post_of, before.slots), ground.measure(after.post_of, after.slots)
    assert now.max_load == was.max_load
    assert now.overdue <= was.overdue
    assert now.km_per_year <= was.km_per_year


def test_the_nearest_post_takes_whom_it_has_room_for() -> None:
    found = plan([contact(1, CENTRE), contact(2, FAR)], [post(1, CENTRE), post(2, FAR)])
    assert [each.post_id.int - 100 for each in found.assignments] == [1, 2]
    assert {each.reason for each in found.assignments} == {Reason.nearest}
    assert found.measures.km_per_year == 0


def test_equally_near_posts_share() -> None:
    assert shares(plan([contact(number) for number in range(40)], [post(1), post(2), post(3), post(4)])) == {
        1: 10,
        2: 10,
        3: 10,
        4: 10,
    }


def test_load_goes_by_capacity() -> None:
    contacts = [contact(number, place=None) for number in range(80)]
    found = plan(contacts, [post(1, makes=5), post(2, makes=15)])
    assert shares(found) == {1: 20, 2: 60}
    assert {each.reason for each in found.assignments} == {Reason.place_unknown}
    assert found.measures.max_load < found.round_robin.max_load


def test_a_post_that_would_carry_more_than_its_share_sends_on_those_with_the_least_detour() -> None:
    beside, between = [contact(number, CENTRE) for number in range(10)], [contact(number, NORTH) for number in range(10, 20)]
    found = plan(beside + between, [post(1, CENTRE), post(2, FAR)])
    assert [each.post_id.int - 100 for each in found.assignments[:10]] == [1] * 10
    moved = [each for each in found.assignments if each.post_id.int == 102]
    assert {each.reason for each in moved} == {Reason.moved_for_balance}
    assert all(each.nearest_post_id.int == 101 and each.nearest_km is not None and each.km is not None for each in moved)
    assert all(each.km > each.nearest_km for each in moved if each.km and each.nearest_km)


def test_a_full_post_says_that_it_is_full() -> None:
    found = plan(
        [contact(number, CENTRE, rhythm=7, due_in=7) for number in range(12)], [post(1, CENTRE, makes=10), post(2, FAR, makes=2)]
    )
    assert shares(found) == {1: 10, 2: 2}
    assert Counter(each.reason for each in found.assignments) == {Reason.nearest: 10, Reason.nearest_with_room: 2}


def test_what_a_post_owes_already_counts() -> None:
    found = plan([contact(number, place=None) for number in range(40)], [post(1, owed=8.0), post(2)])
    assert shares(found)[2] > shares(found)[1]
    assert all(each.load_before == (0.8 if each.post_id.int == 101 else 0) for each in found.assignments)


def test_one_post_takes_all_of_them() -> None:
    found = plan([contact(number) for number in range(5)], [post(1)])
    assert shares(found) == {1: 5}
    assert found.measures.max_load == found.round_robin.max_load


def test_a_post_takes_nobody_of_a_unit_that_is_not_its_own() -> None:
    found = plan([contact(1, unit_id=COUNTY), contact(2, unit_id=VILLAGE)], [post(1, units=frozenset({VILLAGE}))])
    assert [each.int - 1000 for each in found.out_of_reach] == [1]
    assert [each.contact_id.int - 1000 for each in found.assignments] == [2]


def test_a_post_that_is_asked_by_those_who_have_no_other_sends_on_those_who_have() -> None:
    """The village's own post may take the village only; the county's takes both and is the nearest of all."""
    outside = [contact(number, CENTRE, unit_id=COUNTY, rhythm=7, due_in=7) for number in range(10)]
    inside = [contact(number, CENTRE, unit_id=VILLAGE, rhythm=7, due_in=7) for number in range(10, 20)]
    posts = [post(1, CENTRE), post(2, FAR, units=frozenset({VILLAGE}))]
    assert place_nearest(Ground(inside + outside, posts), 1.0) == [0] * 10 + [1] * 10
    assert shares(plan(inside + outside, posts)) == {1: 15, 2: 5}, "dealt out in turn, five go far: balance may not cost more way"


def test_who_has_a_post_and_stays_with_it_is_said_to_be_kept() -> None:
    found = plan([contact(1, post_id=UUID(int=101))], [post(1)])
    assert found.assignments[0].reason is Reason.kept


def test_the_most_overdue_is_visited_first_and_nobody_is_pressed_into_a_full_week() -> None:
    contacts = [contact(number, due_in=-number, contacted=True) for number in range(1, 13)]
    found = plan(contacts, [post(1, makes=3)])
    weeks = {each.contact_id.int - 1000: each.first_day // WEEK for each in found.assignments}
    assert [weeks[number] for number in range(12, 0, -1)] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert {each.reach for each in found.assignments} == {Reach.in_time}


def test_who_was_visited_lately_is_left_in_peace() -> None:
    found = plan([contact(1, rhythm=28, due_in=27, contacted=True)], [post(1)])
    assert 7 <= found.assignments[0].first_day <= 27


def test_first_visits_fall_on_working_days_in_turn() -> None:
    found = propose([contact(number, due_in=0) for number in range(5)], [post(1)], weeks=4, first_weekday=5)
    assert sorted(each.first_day for each in found.assignments) == [2, 3, 4, 5, 6], "a proposal that starts on a Saturday"


def test_more_need_than_capacity_is_said_contact_by_contact() -> None:
    found = plan([contact(number, rhythm=7, due_in=7) for number in range(30)], [post(1, makes=10)])
    assert (round(found.needed, 6), found.capacity) == (30.0, 10)
    assert Counter(each.reach for each in found.assignments) == {Reach.in_time: 10, Reach.over_capacity: 20}
    assert found.measures == Measures(found.round_robin.max_load, 20, 0.0)


def test_a_visit_that_falls_beyond_the_weeks_asked_for_takes_no_room() -> None:
    contacts = [contact(number, rhythm=366, due_in=300, contacted=True) for number in range(50)]
    found = plan(contacts, [post(1, makes=1)], weeks=4)
    assert {each.reach for each in found.assignments} == {Reach.in_time}


@pytest.mark.parametrize(
    ("even", "most", "expected"),
    [(0.5, 0.6, [0.525, 0.6]), (0.97, 2.0, [1.0, 2.0]), (1.2, 3.0, [1.26, 3.0]), (0.5, 0.51, [0.51]), (0.0, 0.0, [0.0])],
)
def test_ceilings_go_from_the_even_share_to_the_turns_worst(even: float, most: float, expected: list[float]) -> None:
    found = ceilings(even, most)
    assert found == sorted(found)
    assert [round(each, 6) for each in (found[0], found[-1])] == [expected[0], expected[-1]]


def test_nobody_asks_further_when_no_ceiling_binds() -> None:
    ground = Ground([contact(number, FAR) for number in range(9)], [post(1, CENTRE), post(2, FAR)])
    assert place_nearest(ground, 100.0) == [1] * 9


def test_a_schedule_spreads_over_the_weeks_that_the_rhythm_allows() -> None:
    ground = Ground([contact(number, due_in=27) for number in range(8)], [post(1, makes=10)])
    slots = spread(ground, [0] * 8, 26, MONDAY)
    assert Counter(slot.day // WEEK for slot in slots) == {0: 2, 1: 2, 2: 2, 3: 2}
