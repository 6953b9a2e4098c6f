"""A county's year of visits, once as the planner proposes it and once as dealing out in turn would have it.

Not how fast it is, but what comes of it, is held against the baseline. The service itself lives the year, in this process. Each
is measured once in a run, because it is long; every round says the same. A request is a visit that was made.
"""

import time

from structlog.testing import capture_logs

from bench.county.drawn import draw
from bench.county.year import (
    WEEKS,
    Almanac,
    Starting,
    Year,
    ids_in_turn,
    live,
    record_by_actions,
    settle,
    start_as_proposed,
    start_in_turns,
)
from bench.cpu import tree_seconds
from bench.model import Alone, Comparison, Ratio, Round, Row
from bench.parts.postgres import Postgres, postgres
from bench.parts.product import migrated
from bench.stage import Stage
from services.visits.app import create_service
from services.visits.settings import VisitsSettings

OFFICIALS, HOUSEHOLDS = 40, 5_000
FEWEST_OFFICIALS, FEWEST_HOUSEHOLDS = 3, 60


def row(name: str, said: str, start: Starting, *against: Comparison) -> Row:
    async def prepare(stage: Stage) -> Alone:
        database = await stage.use(postgres)
        measured: list[Round] = []

        async def measure(seconds: float) -> Round:
            if not measured:
                measured.append(await _measure(stage, database, name, start))
            return measured[0]

        return Alone(measure)

    return Row(name, said, 1, prepare, against)


async def _measure(stage: Stage, database: Postgres, name: str, start: Starting) -> Round:
    offices = max(int(OFFICIALS * stage.scale), FEWEST_OFFICIALS)
    households = max(int(HOUSEHOLDS * stage.scale), FEWEST_HOUSEHOLDS)
    almanac = Almanac()
    async with migrated(stage, "visits", name) as environment:
        settings = VisitsSettings(database_url=environment["MASSLINE_VISITS_DATABASE_URL"])
        service = create_service(settings, clock=almanac, ids=ids_in_turn())
        with capture_logs():
            async with service.open(), settle(service, almanac, draw(offices, households)) as life:
                began, spent, served = time.perf_counter(), time.process_time(), tree_seconds(database.pid)
                year = await live(life, start, record_by_actions)
                took = time.perf_counter() - began
                cpu = {"visits": time.process_time() - spent, "postgres": tree_seconds(database.pid) - served}
    return _round(year, took, cpu)


def _round(year: Year, took: float, cpu: dict[str, float]) -> Round:
    each = took / year.visits * 1e3
    return Round(
        requests=year.visits,
        rate=year.visits / took,
        p50=each,
        p99=each,
        cpu={name: seconds * 1e6 / year.visits for name, seconds in cpu.items()},
        errors=0,
        generator=0.0,
        figures=year.figures(),
    )


def of(figure: str) -> Ratio:
    """Nothing to nothing is even."""

    def ratio(mine: Round, theirs: Round) -> float:
        one, other = mine.figures[figure], theirs.figures[figure]
        return one / other if other else 1.0 if not one else float("inf")

    return ratio


IN_TURN = row("county_in_turn", "baseline (d): the same county, contacts and their starts dealt out in turn", start_in_turns)
FEWER = ("missed", "overdue", "overdue_at_end", "max_load", "load_spread", "km_per_visit")
ROWS = (
    IN_TURN,
    row(
        "county",
        f"{HOUSEHOLDS:,} households, {OFFICIALS} officials, {WEEKS} weeks, as the planner proposes",
        start_as_proposed,
        Comparison(IN_TURN.name, "coverage", of("coverage"), at_least=1.0),
        *(Comparison(IN_TURN.name, figure, of(figure), at_most=1.0) for figure in FEWER),
    ),
)
