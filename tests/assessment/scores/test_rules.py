import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.campaigns.rules import CampaignState
from services.assessment.scores.rules import (
    RULES,
    check_counting,
    check_part,
    check_running,
    check_standing,
    part_of,
)
from shared.errors import Conflict, Forbidden
from shared.events.assessment import Part

OWN = "north/mid/own"


@pytest.mark.parametrize("path", ["north", "north/mid", OWN, "north/mid/own/village"])
def test_an_inspector_of_the_chain_does_not_score(path: str) -> None:
    with pytest.raises(Forbidden, match="inspector-in-chain"):
        check_standing(Part.inspector, path, OWN)


@pytest.mark.parametrize("path", [None, "north/mid/other", "north/other", "south", "north/mid/own2", "nor"])
def test_an_inspector_from_outside_the_chain_scores(path: str | None) -> None:
    check_standing(Part.inspector, path, OWN)


@pytest.mark.parametrize("path", [None, "north", "north/mid", "north/mid/own/village", "north/mid/other"])
def test_only_the_unit_itself_assesses_itself(path: str | None) -> None:
    check_standing(Part.self, OWN, OWN)
    with pytest.raises(Forbidden, match="score-not-yours"):
        check_standing(Part.self, path, OWN)


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)


@given(own=paths, path=paths)
def test_whoever_is_inspected_may_not_inspect_back(own: str, path: str) -> None:
    def refused(one: str, other: str) -> bool:
        try:
            check_standing(Part.inspector, one, other)
        except Forbidden:
            return True
        return False

    assert refused(own, path) == refused(path, own)


def test_the_part_is_by_who_calls_and_must_be_meant() -> None:
    for inspects, part, other in ((True, Part.inspector, Part.self), (False, Part.self, Part.inspector)):
        assert part_of(inspects=inspects) is part
        check_part(part, part)
        with pytest.raises(Forbidden, match=f"part-not-yours.*`{part}`"):
            check_part(other, part)


def test_every_part_has_a_rule() -> None:
    assert set(RULES) == set(Part)
    assert len(set(RULES.values())) == len(Part)


@pytest.mark.parametrize("state", [CampaignState.scheduled, CampaignState.ended])
def test_scores_are_given_while_a_campaign_runs(state: CampaignState) -> None:
    check_running(CampaignState.running)
    with pytest.raises(Conflict, match=f"campaign-not-running.*{state}"):
        check_running(state)


def test_only_what_counts_can_be_withdrawn() -> None:
    check_counting(counts=True, withdrawn=False)
    with pytest.raises(Conflict, match="score-overtaken"):
        check_counting(counts=False, withdrawn=False)
    with pytest.raises(Conflict, match="score-withdrawn"):
        check_counting(counts=False, withdrawn=True)
