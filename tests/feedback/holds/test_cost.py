"""What a look for bursts costs does not grow with the cases that there are."""

from uuid import uuid4

import pytest

from services.feedback.holds.actions import FIND_BUSY
from services.feedback.holds.rules import FLOOR, USUAL_HOURS, WINDOW, look_at
from shared.ids import first_id_at
from tests.feedback.cases.test_queries_cost import BOTH_MODES, explain, scans
from tests.feedback.house import House, unit
from tests.feedback.signals.test_routes import INSERT_CASES


@BOTH_MODES
@pytest.mark.parametrize("units", [1, 10])
async def test_only_the_last_hours_are_read_and_four_weeks_of_busy_units(house: House, mode: str, units: int) -> None:
    """A case an hour for more than two years, in each of the units or in one; then a burst in one of them."""
    places = [unit("village"), *(uuid4() for _ in range(units - 1))]
    await house.rows(INSERT_CASES, places, 20_000, house.clock())
    await house.rows("ANALYZE")
    look = look_at(house.clock())
    bounds = {"first": first_id_at(look.first), "last": first_id_at(look.since)}
    values = {"since": look.since, "until": look.until, "floor": FLOOR, **bounds}
    quiet = scans(await explain(house, mode, FIND_BUSY, values))
    assert max(quiet.values()) <= WINDOW + 1
    for number in range(FLOOR):
        await house.case(title=f"Lamp {number}", channel="thought")
    plan = await explain(house, mode, FIND_BUSY, values)
    assert plan["Actual Rows"] == 1
    assert max(scans(plan).values()) <= USUAL_HOURS + FLOOR + WINDOW
