"""The newest 20 cases of a unit that has 25, all older than the thousands of other units: what most officials ask for."""

import httpx

from bench.model import Comparison, Row, Subject, cpu_of, throughput
from bench.parts.feedback import Feedback, cases, feedback
from bench.parts.postgres import postgres
from bench.requests import get
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    database, service = await stage.use(postgres), await stage.use(feedback)
    await stage.use(cases)
    path = f"/v1/cases?unit_id={service.official.unit_id}&limit=20"
    await _check(service, path)
    servers = {"feedback": service.server.pid, "postgres": database.pid}
    return Subject(service.server.port, servers, lambda: [get(path, service.headers(service.official))], expect=200)


async def _check(service: Feedback, path: str) -> None:
    """An empty page would be answered with 200, too."""
    async with httpx.AsyncClient(base_url=service.server.url, trust_env=False) as http:
        answer = await http.get(path, headers=service.headers(service.official))
    if len(answer.json()["items"]) != 20:
        raise RuntimeError(f"GET {path} does not list 20 cases")


ROW = Row(
    "case_list",
    "GET /v1/cases?unit_id=&limit=20 at feedback, for a unit with few cases among many",
    16,
    prepare,
    (
        Comparison("validation", "requests/s", throughput),
        Comparison("validation", "CPU of feedback", cpu_of("feedback", "app")),
    ),
)
