"""Receipts of the feedback service, and guesses at them. All have the right check character."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx
import msgspec

from bench.parts.feedback import Feedback, feedback
from bench.requests import opinion, post
from bench.stage import Stage
from shared.auth import Principal
from shared.codes import ALPHABET, BITS, write_code

ISSUED = 20
HALF = BITS // 2


@dataclass(frozen=True)
class Receipts:
    """`open` ones have a case; `expired` ones had one until their row went, as retention takes it."""

    service: Feedback
    open: list[str]
    expired: list[str]

    @property
    def caller(self) -> Principal:
        """With an account: whoever has none would soon be asked to work for each guess, and this is about the server's cost."""
        return self.service.residents[0]

    def never_issued(self) -> str:
        return write_code(secrets.randbits(BITS))

    def wrong(self) -> str:
        """The first half of one that is open."""
        first = _number_of(secrets.choice(self.open)) >> HALF
        return write_code(first << HALF | secrets.randbits(HALF))

    def showing(self, receipt: str) -> bytes:
        return post("/v1/receipts/open", msgspec.json.encode({"receipt": receipt}), self.service.headers(self.caller))


@asynccontextmanager
async def receipts(stage: Stage) -> AsyncIterator[Receipts]:
    service = await stage.use(feedback)
    async with httpx.AsyncClient(base_url=service.server.url, trust_env=False, timeout=30) as http:
        issued = [await _issue(http, service) for _ in range(2 * ISSUED)]
    expired = issued[ISSUED:]
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute("DELETE FROM receipts WHERE case_id = ANY($1)", [case_id for case_id, _ in expired])
    finally:
        await connection.close()
    yield Receipts(service, [code for _, code in issued[:ISSUED]], [code for _, code in expired])


async def _issue(http: httpx.AsyncClient, service: Feedback) -> tuple[str, str]:
    """(case id, receipt)"""
    said = {**msgspec.json.decode(opinion(service.units[0])), "protection": "anonymous"}
    headers = service.headers(service.residents[0])
    answer = await http.post("/v1/opinions", json=said, headers=headers)
    answer.raise_for_status()
    return answer.json()["case_id"], answer.json()["receipt"]


def _number_of(receipt: str) -> int:
    number = 0
    for digit in receipt.replace("-", "")[:-1]:
        number = number << 5 | ALPHABET.index(digit)
    return number
