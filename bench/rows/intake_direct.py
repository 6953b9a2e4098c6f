"""A named opinion, posted to feedback itself as the gateway would post it."""

from bench.model import Comparison, Row, Subject, cpu_in_all, throughput
from bench.parts.feedback import feedback
from bench.parts.postgres import postgres
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    database, service = await stage.use(postgres), await stage.use(feedback)
    servers = {"feedback": service.server.pid, "postgres": database.pid}
    return Subject(service.server.port, servers, service.submissions, expect=201)


ROW = Row(
    "intake_direct",
    "POST /v1/opinions at feedback: named, internal credential, Idempotency-Key",
    64,
    prepare,
    (
        Comparison("raw_limit", "requests/s", throughput, at_least=0.4),
        Comparison("raw_limit", "CPU in all", cpu_in_all),
    ),
)
