"""A small county, half a year, through REST: what the benchmark asks of a large one."""

import pytest

from bench.county.drawn import draw
from bench.county.year import Almanac, Starting, Year, ids_in_turn, live, record_by_api, settle, start_as_proposed, start_in_turns
from services.visits.app import create_service
from services.visits.settings import VisitsSettings
from tests.support.databases import Databases

OFFICIALS, HOUSEHOLDS, HALF = 3, 60, 26


async def year(databases: Databases, start: Starting) -> Year:
    almanac = Almanac()
    settings = VisitsSettings(database_url=databases.fresh("visits"))
    service = create_service(settings, clock=almanac, ids=ids_in_turn())
    async with service.open(), settle(service, almanac, draw(OFFICIALS, HOUSEHOLDS)) as life:
        return await live(life, start, record_by_api, weeks=HALF)


@pytest.mark.slow
async def test_a_county_that_is_visited_as_proposed_is_better_off_than_one_dealt_out_in_turn(databases: Databases) -> None:
    proposed, in_turn = await year(databases, start_as_proposed), await year(databases, start_in_turns)
    assert proposed.coverage >= in_turn.coverage
    assert proposed.overdue <= in_turn.overdue
    assert proposed.missed <= in_turn.missed
    assert proposed.max_load <= in_turn.max_load
    assert proposed.load_spread <= in_turn.load_spread
    assert proposed.km_per_visit <= in_turn.km_per_visit
    assert proposed.visits > HOUSEHOLDS
    assert proposed.max_load < 1
