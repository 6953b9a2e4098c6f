"""The same opinion on the whole path: gateway with a bearer token, then feedback."""

from bench.model import Comparison, Row, Subject, cpu_in_all, throughput
from bench.parts.feedback import feedback
from bench.parts.gateway import gateway_of_feedback
from bench.parts.postgres import postgres
from bench.requests import opinion, post
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    database, service, gateway = await stage.use(postgres), await stage.use(feedback), await stage.use(gateway_of_feedback)
    requests = [
        post("/v1/opinions", opinion(unit), gateway.headers(gateway.tokens[number % len(gateway.tokens)]))
        for number, unit in enumerate(service.units)
    ]
    servers = {"gateway": gateway.server.pid, "feedback": service.server.pid, "postgres": database.pid}
    return Subject(gateway.server.port, servers, lambda: requests, expect=201)


ROW = Row(
    "intake_gateway",
    "POST /v1/opinions at the gateway, bearer token, two processes",
    64,
    prepare,
    (
        Comparison("raw_limit", "requests/s", throughput),
        Comparison("raw_limit", "CPU in all", cpu_in_all),
    ),
)
