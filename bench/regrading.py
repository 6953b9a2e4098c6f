"""`python -m bench.regrading job|sql`: proposes the grades of all units of an ended campaign, or only counts their evidence by
the bare aggregate queries; says how many units, how long it took and by how much it grew."""

import asyncio
import sys

import asyncpg
import msgspec
import uvloop

from bench.parts.told import Done, timed
from services.assessment.app import create_service
from services.assessment.grades.actions.proposing import propose_due
from services.assessment.settings import AssessmentSettings
from shared.service import settle_garbage_collector

ENDED = "FROM campaigns WHERE code = 'ended'"
IN = f"BETWEEN (SELECT starts_at {ENDED}) AND (SELECT ends_at {ENDED})"
STANDS = "resolved AND NOT coalesce(reopened_judgement >= judgement, false)"
COUNTS = (
    f"""
    SELECT unit_id, count(*) FILTER (WHERE least(first_answered_at, first_answer_breached_at) {IN}),
        count(*) FILTER (WHERE least(first_answered_at, first_answer_breached_at) {IN} AND first_answer_in_time),
        count(*) FILTER (WHERE verdict_at {IN} AND {STANDS}), count(*) FILTER (WHERE verdict_at {IN}),
        count(*) FILTER (WHERE verdict_at {IN} AND satisfied), count(*) FILTER (WHERE verdict_at {IN} AND satisfied IS NOT NULL)
    FROM case_evidence GROUP BY unit_id
    """,
    f"""
    SELECT unit_id, count(*) FILTER (WHERE coalesce(judged_at, lapsed_at) {IN}),
        count(*) FILTER (WHERE coalesce(judged_at, lapsed_at) {IN} AND {STANDS}), count(*) FILTER (WHERE confirmed_at {IN})
    FROM answer_evidence WHERE answered_at IS NOT NULL GROUP BY unit_id
    """,
    f"""
    SELECT unit_id, count(*), count(*) FILTER (WHERE outcome = 'done'), count(*) FILTER (WHERE outcome = 'done_late'),
        count(*) FILTER (WHERE outcome IS NULL AND missed_at IS NOT NULL), count(*) FILTER (WHERE counted_at IS NOT NULL)
    FROM visit_evidence WHERE planned_for {IN} AND cancelled_at IS NULL GROUP BY unit_id
    """,
)
"""What the twenty criteria rest on, in as few readings of the tables as can be."""


async def job(url: str) -> Done:
    """As a worker does it, until every unit has its grade."""
    service = create_service(AssessmentSettings())
    async with service.open():
        settle_garbage_collector()

        async def propose() -> None:
            while True:
                async with service.works.begin() as uow:
                    if not await propose_due(uow):
                        return

        done = await timed(propose)
        return Done(await service.database.pool.fetchval("SELECT count(*) FROM grades"), *done)


async def sql(url: str) -> Done:
    """The counts alone, read and thrown away."""
    connection = await asyncpg.connect(url)
    found: list[int] = []

    async def count() -> None:
        for statement in COUNTS:
            found.append(len(await connection.fetch(statement)))

    done = await timed(count)
    await connection.close()
    return Done(max(found), *done)


if __name__ == "__main__":
    what = {"job": job, "sql": sql}[sys.argv[1]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(what(AssessmentSettings().database))))
