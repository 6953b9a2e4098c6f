"""A gateway under test, called as the world calls it: with a bearer token or without."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from starlette.types import ASGIApp

from services.gateway.access.models import Account
from services.gateway.app import create_service
from services.gateway.settings import GatewaySettings
from shared.auth import Role
from shared.clock import Clock
from shared.service import Service
from shared.types import Level
from shared.units import KnownUnit

ADMIN_PASSWORD = "correct horse battery staple"


@dataclass
class Gateway:
    service: Service
    http: httpx.AsyncClient

    def token(self, role: Role, unit_id: UUID | None = None) -> str:
        """A token as sign-in would give it, without the work of a password."""
        account = Account(
            id=uuid4(), username="somebody", password_hash="", role=role.value, unit_id=unit_id, created_at=datetime.now(UTC)
        )
        token: str = self.service.api.state.tokens.issue(account)
        return token

    async def call(
        self, method: str, path: str, *, role: Role | None = None, headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> httpx.Response:
        bearer = {"authorization": f"Bearer {self.token(role)}"} if role else {}
        return await self.http.request(method, path, headers={**bearer, **(headers or {})}, **kwargs)

    async def admin(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        return await self.call(method, path, role=Role.admin, **kwargs)

    async def unit(self) -> UUID:
        """A unit that the gateway has heard of."""
        unit = KnownUnit(id=uuid4(), parent_id=None, code="x", name="X", level=Level.county, path="x", version=1)
        async with self.service.works.begin() as uow:
            await uow.know_unit(unit)
        return unit.id


@asynccontextmanager
async def open_gateway(
    database: str, clock: Clock, *, upstreams: Mapping[str, ASGIApp] | None = None, **environment: str
) -> AsyncIterator[Gateway]:
    """Opened, without a worker. `environment` is what MASSLINE_* variables would say."""
    settings = GatewaySettings.of({"MASSLINE_GATEWAY_DATABASE_URL": database, **environment})
    service = create_service(settings, upstreams=upstreams, clock=clock)
    transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=False)
    async with service.open(), httpx.AsyncClient(transport=transport, base_url="http://massline") as http:
        yield Gateway(service, http)


def assert_problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:massline:problem:{slug}"
