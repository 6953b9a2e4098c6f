"""The sentences in which a proposal explains itself."""

import pytest

from services.visits.proposals.rules.ground import Reach, Reason
from services.visits.proposals.rules.telling import LIMITS, REACHES, REASONS, Grounds, Limits, explain, tell_limits
from shared.languages import Language

NOTHING = Limits(needed=10.0, capacity=20, overdue=0, over_capacity=0, out_of_reach=0, place_unknown=0, dealt_in_turn=0)


def limits(**changes: float) -> Limits:
    values = {name: getattr(NOTHING, name) for name in Limits.__slots__}
    return Limits(**{**values, **changes})


def grounds(reason: Reason, reach: Reach = Reach.in_time, *, km: int | None = 3, nearest_km: int | None = 1) -> Grounds:
    return Grounds(reason, reach, km, nearest_km, load_before=0.5, load_after=0.8)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"needed": 20.0}, []),
        ({"needed": 30.04, "over_capacity": 9}, ["ask for 30.0 visits a week and the posts can make 20"]),
        ({"overdue": 3}, ["3 contacts are reached later than agreed"]),
        ({"overdue": 3, "over_capacity": 2}, ["3 contacts are reached", "2 of them come round in weeks"]),
        ({"out_of_reach": 4}, ["4 contacts go to nobody"]),
        ({"place_unknown": 5}, ["5 contacts have no known place"]),
        ({"dealt_in_turn": 6}, ["dealt out in turn"]),
    ],
    ids=str,
)
def test_what_limits_a_proposal_is_said_and_nothing_else(changes: dict[str, float], said: list[str]) -> None:
    found = tell_limits(limits(**changes), Language.en)
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (grounds(Reason.nearest), "This is the nearest post, about 3 km away."),
        (grounds(Reason.nearest_with_room), "The nearest post, about 1 km away, has no room left; this one is about 3 km away."),
        (grounds(Reason.moved_for_balance), "would carry more than its share; this one is about 3 km away."),
        (grounds(Reason.kept, km=None), "It stays with the post that it has, how far away is not known."),
        (grounds(Reason.nearest, km=0), "This is the nearest post, less than a kilometre away."),
        (grounds(Reason.place_unknown), "it goes where the load is least."),
        (grounds(Reason.dealt_in_turn), "It was dealt out in turn, about 3 km away;"),
        (grounds(Reason.nearest, Reach.late), "The first visit comes later than agreed"),
        (grounds(Reason.nearest, Reach.over_capacity), "it cannot be visited as often as agreed."),
        (grounds(Reason.nearest), "The post carries 80% of what it can make, before it 50%."),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.reason} {value.reach} {value.km}",
)
def test_an_assignment_is_explained_with_its_figures(given: Grounds, said: str) -> None:
    assert said in explain(given, Language.en)


@pytest.mark.parametrize("language", list(Language), ids=str)
def test_every_reason_can_be_said_in_every_language(language: Language) -> None:
    assert set(LIMITS[language]) == set(LIMITS[Language.en])
    assert set(REASONS[language]) == set(Reason)
    assert set(REACHES[language]) == set(Reach) - {Reach.in_time}
    for reason in Reason:
        for reach in Reach:
            assert "{" not in explain(grounds(reason, reach), language)
