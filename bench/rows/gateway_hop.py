"""What the gateway adds: in front of bare validation, its own process beside the one that validates."""

from uuid import uuid4

from bench.model import Comparison, Row, Subject, cpu_of, throughput
from bench.parts.baselines import validation
from bench.parts.gateway import gateway_of_validation
from bench.requests import opinion, post
from bench.stage import Stage


async def prepare(stage: Stage) -> Subject:
    upstream, gateway = await stage.use(validation), await stage.use(gateway_of_validation)
    body = opinion(uuid4())
    requests = [post("/v1/opinions", body, gateway.headers(token)) for token in gateway.tokens]
    servers = {"gateway": gateway.server.pid, "upstream": upstream.pid}
    return Subject(gateway.server.port, servers, lambda: requests, expect=201)


ROW = Row(
    "gateway_hop",
    "POST /v1/opinions at the gateway in front of `validation`: the hop alone",
    64,
    prepare,
    (
        Comparison("validation", "CPU of gateway", cpu_of("gateway", "app"), at_most=1.4),
        Comparison("validation", "requests/s", throughput),
    ),
)
