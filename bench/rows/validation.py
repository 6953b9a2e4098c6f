"""Baseline (b)."""

from uuid import uuid4

from bench.model import Row, Subject
from bench.parts.baselines import validation
from bench.requests import opinion, post
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    server = await stage.use(validation)
    request = post("/v1/opinions", opinion(uuid4()), {})
    return Subject(server.port, {"app": server.pid}, lambda: [request], expect=201)


ROW = Row("validation", "baseline: FastAPI validates the opinion, no database", 64, prepare)
