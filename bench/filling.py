"""Tables filled straight in the database, for rows that ask what a million cases cost."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

CASES = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at)
SELECT uuidv7(), ($1::uuid[])[1 + n % cardinality($1)], 'acknowledged', 'opinion', 'public_opinion', 'named', 'A lamp is broken',
    'default.v1', now(), now()
FROM generate_series(1, $2) AS n
"""
CLOCKS = """
INSERT INTO case_clocks (case_id, kind, started_at, due_at, counted_in)
SELECT id, 'resolution', now(), now() + INTERVAL '30 days' + random() * INTERVAL '60 days', 'days' FROM cases
"""


async def fill_cases(connection: "asyncpg.Connection[asyncpg.Record]", units: Sequence[UUID], count: int) -> None:
    """So many open cases of these units in turn."""
    await connection.execute(CASES, list(units), count)


async def fill_clocks(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """For every case one clock that runs out between a month and three from now."""
    await connection.execute(CLOCKS)
