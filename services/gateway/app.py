"""Wiring of the gateway service, and nothing else."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.middleware import Middleware
from starlette.types import ASGIApp

from services.gateway.access.actions import ensure_first_administrator
from services.gateway.access.passwords import Passwords
from services.gateway.access.routes import router as access
from services.gateway.access.tokens import AccessTokens
from services.gateway.consumers import CONSUMES
from services.gateway.jobs import make_jobs
from services.gateway.proxy.front import UPLOAD_TURNS, Front
from services.gateway.proxy.portal import PATHS, Documents, build_portal
from services.gateway.proxy.upstreams import HttpUpstream
from services.gateway.settings import GatewaySettings
from services.gateway.webhooks_out.dispatcher import Dispatcher
from services.gateway.webhooks_out.routes import router as webhooks_out
from services.gateway.webhooks_out.sealing import SecretBox
from shared.clock import Clock, system_clock
from shared.ids import Ids, new_id
from shared.service import Service

Upstream = ASGIApp
"""Whoever answers for a service: the service's own application, or one that forwards over HTTP."""


def create_service(
    settings: GatewaySettings,
    *,
    upstreams: Mapping[str, Upstream] | None = None,
    clock: Clock = system_clock,
    ids: Ids = new_id,
) -> Service:
    """`upstreams` by service name; without them, HTTP to where the settings say."""
    box = SecretBox(settings.webhook_key.get_secret_value())
    dispatcher = Dispatcher(box, settings.webhook_allowed_networks)
    service = Service(
        settings,
        routers=[access, webhooks_out],
        handlers=CONSUMES,
        jobs=make_jobs(dispatcher),
        clock=clock,
        ids=ids,
        upload_turns=UPLOAD_TURNS,
    )
    passwords = Passwords(clock)
    tokens = AccessTokens(settings.token_secret.get_secret_value(), lifetime=settings.token_lifetime, clock=clock)
    service.api.state.passwords = passwords
    service.api.state.tokens = tokens
    service.api.state.secret_box = box
    behind = _over_http(service, settings) if upstreams is None else upstreams
    front = Middleware(
        Front,
        portal=build_portal(Documents(service.api.openapi, behind)),
        portal_paths=PATHS,
        upstreams=behind,
        tokens=tokens,
        credentials=service.api.state.credentials,
        limits=service.limits,
    )
    service.api.user_middleware.append(front)
    if settings.admin_password is not None:
        _with_first_administrator(service, passwords, settings.admin_password.get_secret_value())
    return service


def _over_http(service: Service, settings: GatewaySettings) -> Mapping[str, Upstream]:
    urls = {"feedback": settings.feedback_url, "visits": settings.visits_url, "assessment": settings.assessment_url}
    upstreams = {name: HttpUpstream(name, url) for name, url in urls.items()}
    service.extras.extend(upstream.open for upstream in upstreams.values())
    return upstreams


def _with_first_administrator(service: Service, passwords: Passwords, password: str) -> None:
    @asynccontextmanager
    async def made() -> AsyncIterator[None]:
        await ensure_first_administrator(service.works, passwords, password)
        yield

    service.extras.append(made)
