"""One scorecard of a unit whose campaign is under way, while evidence comes in."""

from uuid import uuid4

import asyncpg

from bench.hearing import PER_SECOND
from bench.model import Comparison, Row, Subject, p99
from bench.parts.postgres import postgres
from bench.parts.product import INTERNAL_SECRET
from bench.processes import serving_product, working
from bench.requests import get
from bench.rows.regrading import FULL, TOTAL, UNITS
from bench.stage import Stage
from shared.auth import CREDENTIAL_HEADER, Credentials, Principal, Role

CONNECTIONS = 2
"""As many as there are cores on the machine that the target is meant for: more would only measure the queue."""
MOST_MS = 50.0
READ = 500
"""Units that are read in turn."""


async def prepare(stage: Stage) -> Subject:
    database, environment = await stage.use(postgres), await stage.use(FULL)
    connection = await asyncpg.connect(environment["MASSLINE_ASSESSMENT_DATABASE_URL"])
    try:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM units ORDER BY random() LIMIT $1", READ)]
    finally:
        await connection.close()
    server = await stage.enter(serving_product("assessment", environment, stage.folder / "assessment.log"))

    def requests() -> list[bytes]:
        admin = Principal(Role.admin, account_id=uuid4())
        headers = {CREDENTIAL_HEADER: Credentials(INTERNAL_SECRET).issue(admin)}
        return [get(f"/v1/units/{id}/scorecard", headers) for id in ids]

    servers = {"assessment": server.pid, "postgres": database.pid}
    return Subject(server.port, servers, requests, expect=200, meanwhile=lambda: working("bench.hearing", environment))


ROW = Row(
    "scorecard",
    f"GET /v1/units/{{id}}/scorecard, in a campaign of 20 criteria, of {UNITS:,} units with {TOTAL:,} rows of evidence, while "
    f"{PER_SECOND} events a second come in",
    CONNECTIONS,
    prepare,
    (Comparison("scorecard", "p99 ms", p99, at_most=MOST_MS),),
)
