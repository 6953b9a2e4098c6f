"""One case, read by an official of its unit."""

from bench.model import Comparison, Row, Subject, cpu_of, throughput
from bench.parts.feedback import cases, feedback
from bench.parts.postgres import postgres
from bench.requests import get
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    database, service, ids = await stage.use(postgres), await stage.use(feedback), await stage.use(cases)

    def requests() -> list[bytes]:
        headers = service.headers(service.official)
        return [get(f"/v1/cases/{id}", headers) for id in ids]

    return Subject(service.server.port, {"feedback": service.server.pid, "postgres": database.pid}, requests, expect=200)


ROW = Row(
    "case_read",
    "GET /v1/cases/{id} at feedback",
    16,
    prepare,
    (
        Comparison("validation", "requests/s", throughput),
        Comparison("validation", "CPU of feedback", cpu_of("feedback", "app")),
    ),
)
