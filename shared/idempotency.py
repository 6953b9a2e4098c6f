"""Idempotency-Key: the same request sent again has one effect and one answer.

Same key and body: the first answer again. Other body: 422. First one still running: 409. Keys are per caller and route. The
answer is kept in the transaction of its effect, so there is never one without the other, and it is sealed under a key derived
from the client's own Idempotency-Key, which is not stored: whoever reads the table reads nothing and sees no caller.
"""

import hmac
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, SmallInteger, Table, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal
from shared.clock import hour_of
from shared.db import kernel_metadata
from shared.errors import Conflict, Invalid

HEADER = "idempotency-key"
REPLAYED_HEADER = "idempotency-replayed"
MAX_KEY = 255
KEPT = timedelta(hours=48)
NONCE = 12

idempotency_keys = Table(
    "idempotency_keys",
    kernel_metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)

TRY_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger)))
FIND = select(idempotency_keys).where(idempotency_keys.c.id == bindparam("id"))
KEEP = insert(idempotency_keys)


@dataclass(frozen=True, slots=True)
class Seal:
    """One client key in use: where its answer is kept, what request it stands for, and how the answer is sealed."""

    id: bytes
    fingerprint: bytes
    secret: bytes

    def close(self, answer: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, answer, self.id)

    def open(self, sealed: bytes) -> bytes:
        return AESGCM(self.secret).decrypt(sealed[:NONCE], sealed[NONCE:], self.id)

    def row(self, *, status: int, answer: bytes, now: datetime) -> dict[str, Any]:
        return {
            "id": self.id,
            "fingerprint": self.fingerprint,
            "status": status,
            "sealed": self.close(answer),
            "created_at": hour_of(now),
        }

    def answer(self, fingerprint: bytes, sealed: bytes) -> bytes:
        """The kept answer. Raises `Invalid` when the key was used with another body."""
        if not hmac.compare_digest(fingerprint, self.fingerprint):
            raise Invalid("idempotency-key-reused", "This Idempotency-Key was used with another body: use a new key.")
        try:
            return self.open(sealed)
        except InvalidTag:
            raise Conflict("idempotency-key-unreadable", "The answer kept for this key cannot be read: use a new key.") from None


def make_seal(pepper: str, *, key: str, caller: Principal, method: str, path: str, body: bytes) -> Seal:
    """Raises `Invalid` for a key that is empty, too long or not printable ASCII."""
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Invalid("idempotency-key-malformed", f"Idempotency-Key must be 1 to {MAX_KEY} printable ASCII characters.")
    scope = f"{caller.account_id or 'anonymous'}\n{method} {path}\n{key}".encode()
    root = hmac.digest(pepper.encode(), scope, "sha256")
    return Seal(
        id=hmac.digest(root, b"id", "sha256"),
        fingerprint=hmac.digest(root, b"body" + body, "sha256"),
        secret=hmac.digest(root, b"seal", "sha256"),
    )


async def begin(session: AsyncSession, seal: Seal) -> tuple[int, bytes] | None:
    """The kept (status, answer), or None when this is the first time. Raises `Conflict` while the first is running."""
    if not await session.scalar(TRY_LOCK, {"number": int.from_bytes(seal.id[:8], signed=True)}):
        raise Conflict("request-in-progress", "A request with this Idempotency-Key is still running: ask again shortly.")
    row = (await session.execute(FIND, {"id": seal.id})).one_or_none()
    return (row.status, seal.answer(row.fingerprint, row.sealed)) if row else None


async def keep(session: AsyncSession, seal: Seal, *, status: int, answer: bytes, now: datetime) -> None:
    """Keep the answer beside its effect."""
    await session.execute(KEEP, seal.row(status=status, answer=answer, now=now))


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    await session.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < now - KEPT))
