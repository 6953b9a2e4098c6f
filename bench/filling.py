"""Tables filled straight in the database, for rows that ask what a million cases cost."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.feedback.cases.words import terms_of

Texts = Sequence[tuple[str, str]]
"""Title and body; every title is another."""

CASES = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at)
SELECT uuidv7(INTERVAL '-1 day'), ($1::uuid[])[1 + n % cardinality($1)], 'acknowledged', 'opinion', 'public_opinion', 'named',
    'A lamp is broken', 'default.v1', now() - INTERVAL '1 day', now() - INTERVAL '1 day'
FROM generate_series(1, $2) AS n
"""
CLOCKS = """
INSERT INTO case_clocks (case_id, kind, started_at, due_at, counted_in)
SELECT id, 'resolution', now(), now() + INTERVAL '30 days' + random() * INTERVAL '60 days', 'days' FROM cases
"""


async def fill_cases(connection: "asyncpg.Connection[asyncpg.Record]", units: Sequence[UUID], count: int) -> None:
    """So many open cases of these units in turn, of the day before: a million within the hour would be a burst."""
    await connection.execute(CASES, list(units), count)


async def fill_clocks(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """For every case one clock that runs out between a month and three from now."""
    await connection.execute(CLOCKS)


TEXTS = """
INSERT INTO cases
    (id, unit_id, state, source, channel, kind, category, protection, title, body, latitude, longitude, policy_version,
    opened_at, updated_at, endorsement_count)
SELECT uuidv7(INTERVAL '1 second' * (n - $2)), ($1::uuid[])[1 + n % cardinality($1)],
    CASE WHEN n % 500 = 7 THEN 'rejected' WHEN n % 3 = 0 THEN 'received' ELSE 'in_progress' END,
    'opinion', (ARRAY['public_opinion', 'thought', 'emotional'])[1 + n % 3],
    CASE WHEN n % 97 = 5 THEN 'proposal' ELSE 'complaint' END,
    CASE WHEN n % 10007 = 3 THEN 'noise' ELSE 'lighting' END, 'named',
    texts.title, texts.body, 30 + random() * 10, 110 + random() * 10, 'default.v1',
    now() + INTERVAL '1 second' * (n - $2), now() + INTERVAL '1 second' * (n - $2) + random() * INTERVAL '1 day',
    CASE WHEN n % 20 = 0 THEN n % 40 ELSE 0 END
FROM generate_series(1, $2) AS n JOIN texts ON texts.number = n % (SELECT count(*) FROM texts)
ORDER BY n
"""
TERMS = """
INSERT INTO case_texts (case_id, terms)
SELECT cases.id, texts.terms || CAST(
    format($$'channel=%s' 'kind=%s' 'category=%s' 'source=%s'$$, channel, kind, category, source) AS tsvector
)
FROM cases JOIN texts ON texts.title = cases.title ORDER BY cases.id
"""
OWED = """
INSERT INTO case_clocks (case_id, kind, started_at, due_at, counted_in, breached_at)
SELECT id, 'resolution', opened_at, due_at, 'days', CASE WHEN due_at < now() THEN due_at END
FROM (SELECT id, opened_at, now() + (random() * 60 - 5) * INTERVAL '1 day' AS due_at FROM cases WHERE state <> 'rejected') AS owed
"""
LISTED = ("cases_by_opening", "cases_by_update", "cases_by_place", "cases_open_by_place", "case_texts_by_term")


async def fill_texts(connection: "asyncpg.Connection[asyncpg.Record]", units: Sequence[UUID], texts: Texts, count: int) -> None:
    """So many cases of these units in turn, a second apart, each with one of the `texts` and its words."""
    await connection.execute(
        "CREATE TEMPORARY TABLE texts (number int PRIMARY KEY, title text UNIQUE, body text, terms tsvector)"
    )
    rows = [(number, title, body, terms_of(f"{title}\n{body}")) for number, (title, body) in enumerate(texts)]
    await connection.executemany("INSERT INTO texts VALUES ($1, $2, $3, $4)", rows)
    await connection.execute("ANALYZE texts")
    indexes = [await connection.fetchval("SELECT pg_get_indexdef(CAST($1 AS regclass))", name) for name in LISTED]
    await connection.execute("; ".join(f"DROP INDEX {name}" for name in LISTED))
    await connection.execute(TEXTS, list(units), count)
    await connection.execute(TERMS)
    await connection.execute(OWED)
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for index in indexes:
        await connection.execute(index)
