"""Baseline (a)."""

from uuid import uuid4

from bench.model import Row, Subject
from bench.parts.baselines import raw_limit
from bench.parts.postgres import postgres
from bench.requests import opinion, post
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    database, server = await stage.use(postgres), await stage.use(raw_limit)
    request = post("/v1/opinions", opinion(uuid4()), {})
    return Subject(server.port, {"app": server.pid, "postgres": database.pid}, lambda: [request], expect=201)


ROW = Row("raw_limit", "baseline: raw ASGI, msgspec, opinion and outbox row in one asyncpg statement", 64, prepare)
