"""The public REST API as the importer uses it: signed in as an administrator, patient with a server that is away or busy."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.importing.errors import Refused, ServerAway

CONCURRENCY = 16
FIRST_CONTACT = 3.0
PATIENCE = 60.0
LONGEST_PAUSE = 5.0
AWAY = frozenset({429, 502, 503, 504})
PASSING = frozenset({"request-in-progress", "unit-not-found"})
"""Problems that go away by themselves: our own lost request is still running; a unit just created is on its way."""


class Answer:
    """One answer. `repeated` tells that an earlier try of the same request was lost, so it may be that one's effect."""

    def __init__(self, response: httpx.Response, *, repeated: bool = False) -> None:
        self.status = response.status_code
        self.replayed = response.headers.get("idempotency-replayed") == "true"
        self.retry_after = response.headers.get("retry-after", "")
        self.repeated = repeated
        self.json = _object(response)

    @property
    def slug(self) -> str:
        """What is wrong, in one stable word; empty when the answer is no problem+json."""
        return str(self.json.get("type", "")).rpartition(":")[2]

    @property
    def items(self) -> list[dict[str, Any]]:
        """What a list holds; nothing when the answer is no list."""
        return _objects(self.json.get("items"))

    @property
    def reason(self) -> str:
        fields = [f"{each.get('field')}: {each.get('message')}" for each in _objects(self.json.get("errors"))]
        return "; ".join([f"{self.status} {self.json.get('detail', '')}".strip(), *fields])

    @property
    def passing(self) -> bool:
        return self.status in AWAY or self.slug in PASSING


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


class Api:
    """`patience`: how many seconds one request is tried for before the server counts as away."""

    def __init__(self, http: httpx.AsyncClient, username: str, password: str, *, patience: float = PATIENCE) -> None:
        self._http = http
        self._form = {"username": username, "password": password}
        self._patience = patience
        self._token = ""
        self._signing_in = asyncio.Lock()

    async def sign_in(self, *, patience: float | None = None) -> None:
        """Raises `Refused` and `ServerAway`."""
        answer = await self._persist(
            lambda: self._http.post("/v1/auth/token", data=self._form), self._patience if patience is None else patience
        )
        if answer.status in (400, 401, 403):
            raise Refused(f"the server refuses the password of {self._form['username']}: {answer.reason}")
        token = answer.json.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            raise Refused(f"{self._http.base_url} does not answer like a massline API: {answer.reason}")
        self._token = token

    async def get(self, path: str, **params: str) -> Answer:
        return await self._call("GET", path, params=params)

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> Answer:
        return await self._call("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})

    async def _call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any) -> Answer:
        def attempt() -> Awaitable[httpx.Response]:
            bearer = {"Authorization": f"Bearer {self._token}"}
            return self._http.request(method, path, headers={**(headers or {}), **bearer}, **content)

        token = self._token
        answer = await self._persist(attempt, self._patience)
        if answer.status == 401:
            await self._renew(token)
            answer = await self._persist(attempt, self._patience)
        if answer.status in (401, 403):
            raise Refused(f"{self._form['username']} may not import: an administrator's account is needed ({answer.reason})")
        return answer

    async def _renew(self, expired: str) -> None:
        async with self._signing_in:
            if self._token == expired:
                await self.sign_in()

    async def _persist(self, attempt: Callable[[], Awaitable[httpx.Response]], patience: float) -> Answer:
        """Try until there is an answer that another try would not change."""
        give_up = asyncio.get_running_loop().time() + patience
        pause, repeated = 0.1, False
        while True:
            wait = pause * random.uniform(0.5, 1)
            try:
                answer = Answer(await attempt(), repeated=repeated)
                if not answer.passing:
                    return answer
                trouble, wait = answer.reason, max(wait, _seconds(answer.retry_after))
            except httpx.RequestError as error:
                trouble, repeated = str(error) or type(error).__name__, True
            if asyncio.get_running_loop().time() + wait > give_up:
                raise ServerAway(f"{self._http.base_url} stays away or is busy ({trouble})")
            await asyncio.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0


@asynccontextmanager
async def open_api(url: str, username: str, password: str, *, patience: float = PATIENCE) -> AsyncIterator[Api]:
    """Signed in. Raises `Refused` and, when nobody answers within a few seconds, `ServerAway`."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    timeout = httpx.Timeout(30.0, connect=5.0)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=timeout, trust_env=False) as http:
        api = Api(http, username, password, patience=patience)
        await api.sign_in(patience=min(patience, FIRST_CONTACT))
        yield api
