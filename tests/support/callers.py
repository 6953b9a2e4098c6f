"""Clients that act for a declared caller: a test says who is asking."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.auth import ANONYMOUS, CREDENTIAL_HEADER, Credentials, Principal, Role
from shared.service import Service


def principal(role: Role, unit_id: UUID | None = None, account_id: UUID | None = None) -> Principal:
    return Principal(role=role, account_id=account_id or uuid4(), unit_id=unit_id)


class ServiceClient:
    """Calls one service directly, as the gateway would: with its signed credential for `caller`."""

    def __init__(self, service: Service) -> None:
        self._credentials = Credentials(service.settings.internal_secret.get_secret_value())
        transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://service")

    async def call(
        self,
        method: str,
        path: str,
        *,
        caller: Principal = ANONYMOUS,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        sent = httpx.Headers(headers)
        sent.setdefault(CREDENTIAL_HEADER, self._credentials.issue(caller))
        return await self.http.request(method, path, json=json, headers=sent, **kwargs)

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.call("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.call("POST", path, **kwargs)
