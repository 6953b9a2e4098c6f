"""The desk where receipts are issued and shown: the only place that knows how they are kept."""

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from pwdlib.hashers.argon2 import Argon2Hasher

from services.feedback.errors import receipt_not_found
from shared.codes import BITS, Code, read_code, write_code
from shared.db import Database
from shared.errors import Unavailable

AT_ONCE = 2
HASHER = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
FIND = "SELECT case_id, proof FROM receipts WHERE lookup = $1"


BUSY_SECONDS = 2


@cache
def _nobodys_proof(hasher: Argon2Hasher) -> str:
    """What a code that was never issued is checked against: made once, for it is slow."""
    return hasher.hash(secrets.token_bytes(32))


def _receipts_busy() -> Unavailable:
    return Unavailable(
        "receipts-busy",
        f"Too many receipts are being checked or made just now. Nothing was done: send it again in {BUSY_SECONDS} seconds.",
        retry_after=BUSY_SECONDS,
    )


@dataclass(frozen=True, slots=True)
class IssuedReceipt:
    """`code` goes to the speaker and nowhere else; `row` is what is kept of it."""

    code: str
    row: dict[str, Any]


class ReceiptDesk:
    """Argon2id costs 19 MiB and some 20 ms a time, in a thread, and never more than `AT_ONCE` run together.

    Of the others `most_waiting` wait; whoever comes then is told to come again.
    """

    def __init__(self, database: Database, pepper: str, *, most_waiting: int, hasher: Argon2Hasher = HASHER) -> None:
        self._database = database
        self._pepper = pepper.encode()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._most_waiting = most_waiting
        self._hasher = hasher
        self._nobodys_proof = _nobodys_proof(hasher)

    def crowding(self) -> float:
        """How full the queue is, from 0 to 1."""
        return self._waiting / self._most_waiting

    async def issue(self, case_id: UUID) -> IssuedReceipt:
        """A receipt for a case that is about to be written. Raises `Unavailable` (receipts-busy)."""
        written = write_code(secrets.randbits(BITS))
        code = read_code(written)
        assert code is not None
        async with self._turn():
            proof = await asyncio.to_thread(self._hasher.hash, self._keyed(b"proof", code.prover))
        return IssuedReceipt(written, {"lookup": self._lookup(code), "case_id": case_id, "proof": proof})

    async def show(self, written: str) -> UUID:
        """The case that the receipt opens. Raises `NotFound`, at the same cost whether the code is wrong or was never issued, and
        `Unavailable` (receipts-busy).

        The row is read before the turn is waited for, so that guesses do not hold connections.
        """
        code = read_code(written)
        if code is None:
            raise receipt_not_found()
        row = await self._database.pool.fetchrow(FIND, self._lookup(code))
        proof = row["proof"] if row else self._nobodys_proof
        async with self._turn():
            proven = await asyncio.to_thread(self._hasher.verify, self._keyed(b"proof", code.prover), proof)
        if row is None or not proven:
            raise receipt_not_found()
        case_id: UUID = row["case_id"]
        return case_id

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= self._most_waiting:
            raise _receipts_busy()
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    def _lookup(self, code: Code) -> bytes:
        return self._keyed(b"lookup", code.finder)

    def _keyed(self, purpose: bytes, half: bytes) -> bytes:
        return hmac.digest(self._pepper, b"receipt " + purpose + b" " + half, "sha256")
