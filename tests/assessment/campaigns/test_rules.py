from datetime import UTC, datetime, timedelta

import pytest

from services.assessment.campaigns.rules import CampaignState, Excluded, check_span, counts_from, measures, state_at
from shared.errors import Invalid
from shared.types import Level

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
END = START + timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (START - INSTANT, CampaignState.scheduled),
        (START, CampaignState.running),
        (END - INSTANT, CampaignState.running),
        (END, CampaignState.ended),
    ],
)
def test_state_at(moment: datetime, state: CampaignState) -> None:
    assert state_at(moment, START, END) is state


def test_check_span() -> None:
    check_span(START, START + INSTANT)
    for end in (START, START - INSTANT):
        with pytest.raises(Invalid, match="campaign-ends-before-start"):
            check_span(START, end)


@pytest.mark.parametrize(
    ("root", "only", "measured"),
    [
        ("north", None, True),
        ("mid", None, True),
        ("leaf", None, True),
        ("south", None, False),
        ("north", Level.township, True),
        ("north", Level.county, False),
    ],
)
def test_measures(root: str, only: Level | None, measured: bool) -> None:
    assert measures(root, only, codes=["north", "mid", "leaf"], level=Level.township) is measured


@pytest.mark.parametrize(
    ("excluded", "measured"),
    [
        (Excluded(), True),
        (Excluded(alone=frozenset({"leaf"})), False),
        (Excluded(alone=frozenset({"mid"})), True),
        (Excluded(trees=frozenset({"mid"})), False),
        (Excluded(trees=frozenset({"leaf"})), False),
        (Excluded(alone=frozenset({"south"}), trees=frozenset({"south"})), True),
    ],
    ids=repr,
)
@pytest.mark.parametrize("root", [None, "north"])
def test_whom_a_campaign_leaves_out_it_does_not_measure(root: str | None, excluded: Excluded, measured: bool) -> None:
    assert measures(root, None, excluded, codes=["north", "mid", "leaf"], level=Level.township) is measured


def test_counts_from_the_full_hour() -> None:
    assert counts_from(START) == datetime(2026, 3, 2, 9, tzinfo=UTC)
