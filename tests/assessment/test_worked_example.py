"""The example of docs/standards.md, through the API: the same numbers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.events.visits import VisitPlanned, VisitRecorded
from shared.ids import new_id
from tests.assessment.cases import judged_cases
from tests.assessment.office import Office

CRITERIA = [
    {"code": "response", "weight": 10, "source": "measured", "indicator": "response", "scale": {"floor": 0.5, "target": 1}},
    {"code": "resolution", "weight": 40, "source": "residents", "indicator": "resolution"},
    {"code": "satisfaction", "weight": 30, "source": "residents", "indicator": "satisfaction"},
    {
        "code": "visits",
        "weight": 20,
        "source": "measured",
        "indicator": "visits_made",
        "normalisation": {"by": "population", "per": 1000, "terrain": {"mountains": 0.6}},
        "scale": {"floor": 10, "target": 20},
    },
]
PROFILE = {"population": 20_000, "staff": 40, "terrain": "mountains", "as_of": "2026-01-31", "source": "Census"}


async def test_the_worked_example_is_what_the_api_computes(office: Office) -> None:
    unit = await office.register_unit("mountain", "township")
    await office.post(f"/v1/units/{unit['id']}/profiles", PROFILE)
    said = [{"name": each["code"], "owner": "The office", **each} for each in CRITERIA]
    await office.schedule_campaign(unit, await office.adopt_standard("township", criteria=said))
    await office.hear(judged_cases(unit, due=20, in_time=18, judged=16, resolved=12, rated=15, satisfied=9))
    await visits_made(office, unit, 150)

    grade = (await office.scorecard(unit))["grade"]
    tree = grade["explanation"]
    assert [(each["value"], each["worth"]) for each in tree["criteria"]] == [
        (0.9, pytest.approx(0.8)), (0.75, 0.75), (0.6, 0.6), (12.5, 0.25),
    ]  # fmt: skip
    assert [each["contribution"] for each in tree["criteria"]] == pytest.approx([0.08, 0.30, 0.18, 0.05])
    assert (tree["composite"], grade["value"]) == (pytest.approx(0.61), "qualified")
    assert (tree["raises_most"]["criterion"], tree["raises_most"]["gain"]) == ("visits", pytest.approx(0.15))
    assert tree["between"] == {"low": "unqualified", "high": "qualified"}


async def visits_made(office: Office, unit: Any, number: int) -> None:
    at = office.clock() + timedelta(hours=1)
    for _ in range(number):
        named = {"visit_id": new_id(), "plan_id": new_id(), "unit_id": UUID(unit["id"])}
        planned = VisitPlanned(**named, window_starts_at=at, window_ends_at=at + timedelta(days=1))
        recorded = VisitRecorded(**named, occurred_at=at, recorded_at=at, outcome="done", late=False, findings=0)
        await office.hear([planned, recorded])
