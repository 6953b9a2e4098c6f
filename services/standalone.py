"""All four services in one process, joined by an in-process bus: the only module that sees several services."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from services.assessment.app import create_service as create_assessment
from services.assessment.settings import AssessmentSettings
from services.feedback.app import create_service as create_feedback
from services.feedback.settings import FeedbackSettings
from services.gateway.app import create_service as create_gateway
from services.gateway.settings import GatewaySettings
from services.visits.app import create_service as create_visits
from services.visits.settings import VisitsSettings
from shared.bus import Bus
from shared.clock import Clock, system_clock
from shared.ids import Ids, new_id
from shared.migrations import migrate_async
from shared.service import Service
from shared.settings import ServiceSettings

SETTINGS: dict[str, type[ServiceSettings]] = {
    "feedback": FeedbackSettings,
    "visits": VisitsSettings,
    "assessment": AssessmentSettings,
    "gateway": GatewaySettings,
}


@dataclass(frozen=True, slots=True)
class Product:
    """The four services, wired to each other without a network; `app` is the gateway's REST API."""

    services: Sequence[Service]
    app: ASGIApp

    @asynccontextmanager
    async def running(self, bus: Bus) -> AsyncIterator[None]:
        """Everything open and at work; closed in the opposite order."""
        async with AsyncExitStack() as stack:
            for service in self.services:
                await stack.enter_async_context(service.open())
            for service in self.services:
                await stack.enter_async_context(service.working(bus))
            yield


def build_product(environment: Mapping[str, str], *, clock: Clock = system_clock, ids: Ids = new_id) -> Product:
    """`environment` holds MASSLINE_* variables; what it lacks is read from the process's own."""
    feedback = create_feedback(FeedbackSettings.of(environment), clock=clock, ids=ids)
    visits = create_visits(VisitsSettings.of(environment), clock=clock, ids=ids)
    assessment = create_assessment(AssessmentSettings.of(environment), clock=clock, ids=ids)
    behind = {service.name: service.app for service in (feedback, visits, assessment)}
    gateway = create_gateway(GatewaySettings.of(environment), upstreams=behind, clock=clock, ids=ids)
    gateway.housemates = (assessment, visits, feedback)
    return Product(services=(*gateway.housemates, gateway), app=gateway.app)


def build_service(name: str) -> Service:
    """One service alone, as it is deployed; settings from the process's environment."""
    if name == "feedback":
        return create_feedback(FeedbackSettings())
    if name == "visits":
        return create_visits(VisitsSettings())
    if name == "assessment":
        return create_assessment(AssessmentSettings())
    return create_gateway(GatewaySettings())


def migrations_of(name: str) -> Path:
    return Path(__file__).parent / name / "migrations"


async def migrate_all(environment: Mapping[str, str]) -> None:
    """Bring every service's database to its newest schema; `environment` as for `build_product`."""
    for name, settings in SETTINGS.items():
        await migrate_async(migrations_of(name), settings.of(environment).database)
