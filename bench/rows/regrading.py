"""What it costs to grade every unit of a campaign, held against only counting what the grades rest on; and how that grows.

Each is measured once in a run, because it is long; every round says the same. A request is a unit; the time is the whole run's.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from bench.model import Comparison, Round
from bench.parts.product import migrated
from bench.parts.told import memory, seconds, times, told_once
from bench.stage import Part, Stage

UNITS = 50_000
ROWS_OF_A_UNIT = {"case": 100, "answer": 40, "visit": 60}
MOST_SECONDS, MOST_MIB, MOST_TIMES, MOST_GROWTH = 60.0, 2048.0, 3.0, 1.1
SHARES = ("response", "resolution", "satisfaction", "confirmation", "durability", "visits_on_time", "visits_counted")
SAID = ("resolution", "satisfaction", "confirmation", "durability")
INDICATORS = [*SHARES, *SHARES, *SHARES][:20]
CONTENT = {
    "criteria": [
        {
            "code": f"{indicator}-{number}",
            "name": indicator,
            "weight": 5,
            "source": "residents" if indicator in SAID else "measured",
            "indicator": indicator,
            "scale": {"floor": number / 100, "target": 1},
            "owner": "The office",
        }
        for number, indicator in enumerate(INDICATORS)
    ]
}
UNIT = """
INSERT INTO units (id, code, name, level, path, version, registered_at)
SELECT uuidv7(), 'unit-' || n, 'Unit ' || n, 'township', 'unit-' || n, 1, now() FROM generate_series(0, CAST($1 AS int) - 1) AS n
"""
FILL = (
    """INSERT INTO known_units (id, code, name, level, path, version) SELECT id, code, name, level, path, version FROM units""",
    """
    INSERT INTO standards (id, code, version, name, state, content, comments_until, created_at, activated_at, changes)
    VALUES (md5('standard')::uuid, 'twenty', 1, 'Twenty', 'active', $1, now(), now(), now(), '{}')
    """,
    """
    INSERT INTO campaigns (id, code, name, standard_id, starts_at, ends_at, told, created_at)
    VALUES (md5('ended')::uuid, 'ended', 'Ended', md5('standard')::uuid, now() - INTERVAL '90 days', now() - INTERVAL '1 hour',
        true, now()),
    (md5('running')::uuid, 'running', 'Running', md5('standard')::uuid, now() - INTERVAL '90 days', now() + INTERVAL '90 days',
        true, now())
    """,
)
NUMBERED = "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY code) - 1 AS number FROM units)"
EVIDENCE = {
    "case": f"""
    {NUMBERED}
    INSERT INTO case_evidence (case_id, unit_id, owner, opened_at, acknowledged_at, first_answered_at, first_answer_in_time,
        judgement, verdict_at, resolved, satisfied)
    SELECT uuidv7(), id, 0, at, at + INTERVAL '1 day', at + INTERVAL '3 days', n % 5 > 0,
        1, at + INTERVAL '5 days', n % 4 > 0, n % 3 > 0
    FROM (SELECT n, n % CAST($1 AS int) AS unit, now() - INTERVAL '80 days' + random() * INTERVAL '70 days' AS at
        FROM generate_series(1, CAST($1 AS int) * CAST($2 AS int)) AS n) AS made JOIN numbered ON number = unit
    """,
    "answer": f"""
    {NUMBERED}
    INSERT INTO answer_evidence (case_id, unit_id, answered_at, judgement, judged_at, resolved, confirmed_judgement, confirmed_at)
    SELECT uuidv7(), id, at, 1, at + INTERVAL '2 days', n % 4 > 0, CASE WHEN n % 4 > 0 THEN 1 END,
        CASE WHEN n % 4 > 0 THEN at + INTERVAL '2 days' END
    FROM (SELECT n, n % CAST($1 AS int) AS unit, now() - INTERVAL '80 days' + random() * INTERVAL '70 days' AS at
        FROM generate_series(1, CAST($1 AS int) * CAST($2 AS int)) AS n) AS made JOIN numbered ON number = unit
    """,
    "visit": f"""
    {NUMBERED}
    INSERT INTO visit_evidence (visit_id, unit_id, unit_since, planned_for, recorded_at, occurred_at, findings, outcome,
        missed_at, counted_at)
    SELECT uuidv7(), id, at, at, at, at, 0, CASE WHEN n % 7 > 0 THEN 'done' END, CASE WHEN n % 7 = 0 THEN at END,
        CASE WHEN n % 3 > 0 THEN at END
    FROM (SELECT n, n % CAST($1 AS int) AS unit, now() - INTERVAL '80 days' + random() * INTERVAL '70 days' AS at
        FROM generate_series(1, CAST($1 AS int) * CAST($2 AS int)) AS n) AS made JOIN numbered ON number = unit
    """,
}
"""As events come: the units in turn, so that no unit's rows lie together."""


def evidence(units: int, part_of: int) -> Part[Mapping[str, str]]:
    """A part: so many units with one `part_of`th of the evidence that a unit has in the full row."""

    @asynccontextmanager
    async def part(stage: Stage) -> AsyncIterator[Mapping[str, str]]:
        count = max(int(units * stage.scale), 10)
        async with migrated(stage, "assessment", f"evidence_{units}_{part_of}") as environment:
            connection = await asyncpg.connect(environment["MASSLINE_ASSESSMENT_DATABASE_URL"])
            try:
                await connection.execute(UNIT, count)
                for statement in FILL:
                    await connection.execute(statement, *([json.dumps(CONTENT)] if "$1" in statement else []))
                for name, rows in ROWS_OF_A_UNIT.items():
                    await connection.execute(EVIDENCE[name], count, rows // part_of)
                await connection.execute("VACUUM ANALYZE")
            finally:
                await connection.close()
            yield environment

    return part


def _a_unit(row: Round, baseline: Round) -> float:
    return baseline.rate / row.rate


FULL = evidence(UNITS, 1)
TOTAL = UNITS * sum(ROWS_OF_A_UNIT.values())
COUNTING = told_once(
    "evidence_counted",
    f"the bare aggregate queries over {TOTAL:,} rows of evidence of {UNITS:,} units",
    FULL,
    "bench.regrading",
    "sql",
)
FEW = told_once("regraded_few", "10,000 units with a tenth of that evidence each", evidence(10_000, 10), "bench.regrading", "job")
ROWS = (
    COUNTING,
    told_once(
        "regraded",
        f"grades of {UNITS:,} units by 20 criteria over {TOTAL:,} rows of evidence are proposed and kept; a request is a unit",
        FULL,
        "bench.regrading",
        "job",
        Comparison(COUNTING.name, "time", times, at_most=MOST_TIMES),
        Comparison("regraded", "seconds", seconds, at_most=MOST_SECONDS),
        Comparison("regraded", "MiB grown", memory, at_most=MOST_MIB),
    ),
    FEW,
    told_once(
        "regraded_many",
        "100,000 units with as much evidence each as the 10,000",
        evidence(100_000, 10),
        "bench.regrading",
        "job",
        Comparison(FEW.name, "time a unit", _a_unit, at_most=MOST_GROWTH),
    ),
)
