"""The gateway in front of something that takes opinions: its process, and residents who signed in through its API."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from bench.parts.baselines import validation
from bench.parts.feedback import feedback
from bench.parts.product import migrated
from bench.processes import Server, serving_product
from bench.stage import Stage

RESIDENTS = 4


@dataclass(frozen=True)
class Gateway:
    server: Server
    tokens: Sequence[str]

    @staticmethod
    def headers(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def gateway_of_feedback(stage: Stage) -> AsyncIterator[Gateway]:
    behind = await stage.use(feedback)
    async with _gateway(stage, "gateway_of_feedback", behind.server.url) as gateway:
        yield gateway


@asynccontextmanager
async def gateway_of_validation(stage: Stage) -> AsyncIterator[Gateway]:
    behind = await stage.use(validation)
    async with _gateway(stage, "gateway_of_validation", behind.url) as gateway:
        yield gateway


@asynccontextmanager
async def _gateway(stage: Stage, name: str, feedback_url: str) -> AsyncIterator[Gateway]:
    password = secrets.token_urlsafe(18)
    async with migrated(stage, "gateway", name) as database:
        environment = {
            **database,
            "MASSLINE_GATEWAY_FEEDBACK_URL": feedback_url,
            "MASSLINE_GATEWAY_ADMIN_PASSWORD": password,
        }
        async with serving_product("gateway", environment, stage.folder / f"{name}.log") as server:
            yield Gateway(server, await _sign_up(server.url, password))


async def _sign_up(url: str, admin_password: str) -> list[str]:
    """Bearer tokens of new residents."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
        admin = await _sign_in(http, "admin", admin_password)
        tokens = []
        for number in range(RESIDENTS):
            account = {"username": f"resident-{number}", "password": secrets.token_urlsafe(18), "role": "resident"}
            answer = await http.post("/v1/accounts", json=account, headers=Gateway.headers(admin))
            answer.raise_for_status()
            tokens.append(await _sign_in(http, account["username"], account["password"]))
        return tokens


async def _sign_in(http: httpx.AsyncClient, username: str, password: str) -> str:
    answer = await http.post("/v1/auth/token", data={"username": username, "password": password})
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    return token
