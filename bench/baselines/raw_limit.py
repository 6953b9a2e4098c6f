"""Baseline (a), the raw limit: raw ASGI, msgspec, one asyncpg statement that writes the opinion and its outbox row.

The least that a durable intake, one commit per request, can cost on this stack. It knows no callers, no clocks, no retries.
"""

import os
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from shared.ids import new_id
from shared.service import settle_garbage_collector

SCHEMA = """
CREATE TABLE opinions (
    id uuid PRIMARY KEY, case_id uuid NOT NULL, channel text NOT NULL, title text NOT NULL, body text NOT NULL,
    unit_id uuid NOT NULL, protection text NOT NULL, category text, created_at timestamptz NOT NULL
);
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, topic text NOT NULL, type text NOT NULL,
    key uuid NOT NULL, time timestamptz NOT NULL, data text NOT NULL
);
"""
INSERT = """
WITH opinion AS (
    INSERT INTO opinions (id, case_id, channel, title, body, unit_id, protection, category, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
)
INSERT INTO outbox (id, topic, type, key, time, data)
VALUES ($10, 'massline.feedback', 'massline.feedback.opinion.submitted.v1', $2, $9, $11)
"""


class Opinion(msgspec.Struct, forbid_unknown_fields=True):
    channel: Literal["thought", "emotional", "public_sentiment", "public_opinion"]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    body: Annotated[str, Meta(min_length=1, max_length=20_000)]
    unit_id: UUID
    protection: Literal["named", "confidential", "anonymous"]
    category: Annotated[str, Meta(min_length=1, max_length=63)] | None = None


decode = msgspec.json.Decoder(Opinion).decode
encode = msgspec.json.Encoder().encode
pools: "list[asyncpg.Pool[asyncpg.Record]]" = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["method"] == "POST":
        await _submit_opinion(receive, send)
    else:
        await _answer(send, 405, b"{}")


async def _live(receive: Any, send: Any) -> None:
    await receive()
    connections = int(os.environ["BENCH_CONNECTIONS"])
    pools.append(await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=connections, max_size=connections))
    settle_garbage_collector()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    pools[0].terminate()
    await send({"type": "lifespan.shutdown.complete"})


async def _submit_opinion(receive: Any, send: Any) -> None:
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    try:
        opinion = decode(body)
    except msgspec.DecodeError:
        await _answer(send, 422, b"{}")
        return
    await _answer(send, 201, await _store(opinion))


async def _store(opinion: Opinion) -> bytes:
    id, case_id, now = new_id(), new_id(), datetime.now(UTC)
    event = {"opinion_id": id, "case_id": case_id, "unit_id": opinion.unit_id, "channel": opinion.channel, "submitted_at": now}
    await pools[0].execute(
        INSERT,
        id,
        case_id,
        opinion.channel,
        opinion.title,
        opinion.body,
        opinion.unit_id,
        opinion.protection,
        opinion.category,
        now,
        new_id(),
        encode(event).decode(),
    )
    return encode({"id": id, "case_id": case_id})


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
