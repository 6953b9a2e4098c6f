"""The whole product in one test process: four services, real PostgreSQL, a bus, and the gateway's REST API in front."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx

from services.standalone import Product, build_product
from shared.bus import Bus
from shared.clock import Clock, system_clock
from tests.support.databases import Databases
from tests.support.eventually import eventually

ADMIN_PASSWORD = "correct horse battery staple"
PASSWORD = "a long enough password"
"""Of everybody who is engaged."""


@dataclass
class World:
    product: Product
    http: httpx.AsyncClient

    async def sign_in(self, username: str = "admin", password: str = ADMIN_PASSWORD) -> "Person":
        person = Person(self.http, {"username": username, "password": password}, product=self.product)
        await person.sign_in()
        return person

    @property
    def nobody(self) -> "Person":
        """A caller without an account."""
        return Person(self.http)


@dataclass
class Person:
    """Somebody who uses the REST API, and signs in again when the token has expired."""

    http: httpx.AsyncClient
    password: Mapping[str, str] | None = None
    token: str | None = None
    product: Product | None = None

    async def sign_in(self) -> None:
        answer = await self.http.post("/v1/auth/token", data=self.password)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]

    async def engage(self, username: str, role: str, unit_id: str | None = None) -> "Person":
        """Make an account, for somebody who signs in at once."""
        account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
        await self.post("/v1/accounts", account, expect=201)
        person = Person(self.http, {"username": username, "password": PASSWORD}, product=self.product)
        await person.sign_in()
        return person

    async def register(self, code: str, level: str, parent_id: str | None = None, *, name: str | None = None) -> str:
        """A unit; its id."""
        unit = {"code": code, "name": name or code.title(), "level": level, "parent_id": parent_id}
        unit_id: str = (await self.post("/v1/units", unit, expect=201))["id"]
        return unit_id

    async def request(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any) -> httpx.Response:
        answer = await self._send(method, path, headers, **kwargs)
        if answer.status_code == 401 and self.token is not None:
            await self.sign_in()
            answer = await self._send(method, path, headers, **kwargs)
        return answer

    async def _send(self, method: str, path: str, headers: Mapping[str, str] | None, **kwargs: Any) -> httpx.Response:
        mine = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return await self.http.request(method, path, headers={**mine, **(headers or {})}, **kwargs)

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.request("GET", path, params=params)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def post(
        self, path: str, body: Any = None, *, expect: int | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        answer = await self.request("POST", path, json={} if body is None else body, headers=headers)
        wanted = (expect,) if expect else (200, 201, 202)
        assert answer.status_code in wanted, f"POST {path}: {answer.status_code} {answer.text}"
        found = answer.json()
        if path == "/v1/units" and self.product:
            await _spread(self.product, UUID(found["id"]))
        return found


async def _spread(product: Product, unit_id: UUID) -> None:
    """Until every service has heard of the unit: it comes over the bus, and who works there, or sees what, is asked of it."""
    for service in product.services:
        await eventually(partial(service.units.find, unit_id), within=60)


@asynccontextmanager
async def open_world(databases: Databases, bus: Bus, *, clock: Clock = system_clock, **environment: str) -> AsyncIterator[World]:
    """Every service opened and working on `bus`. `environment` is what MASSLINE_* variables would say."""
    names = ("feedback", "visits", "assessment", "gateway")
    values = {f"MASSLINE_{name.upper()}_DATABASE_URL": databases.fresh(name) for name in names}
    values["MASSLINE_GATEWAY_ADMIN_PASSWORD"] = ADMIN_PASSWORD
    with TemporaryDirectory(prefix="massline-var-") as var:
        product = build_product({**values, "MASSLINE_VAR": var, **environment}, clock=clock)
        async with product.running(bus), visiting(product) as world:
            yield world


@asynccontextmanager
async def visiting(product: Product) -> AsyncIterator[World]:
    """The REST API of a running product."""
    transport = httpx.ASGITransport(app=product.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://massline") as http:
        yield World(product, http)
