from datetime import UTC, datetime, timedelta

import pytest

from services.assessment.campaigns.rules import CampaignState, check_span, counts_from, measures, state_at
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


def test_counts_from_the_full_hour() -> None:
    assert counts_from(START) == datetime(2026, 3, 2, 9, tzinfo=UTC)
