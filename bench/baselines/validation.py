"""Baseline (b), request validation alone: FastAPI and a pydantic model of the opinion, the least answer, no database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from uuid import UUID

from fastapi import FastAPI, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.service import settle_garbage_collector

ACCEPTED = b'{"accepted":true}'


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class Origin(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    system: Code
    reference: Line
    reported_at: AwareDatetime | None = None


class Opinion(BaseModel):
    """The shape and the limits of feedback's own schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Literal["thought", "emotional", "public_sentiment", "public_opinion"]
    title: Line
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    unit_id: UUID
    protection: Literal["named", "confidential", "anonymous"]
    category: Code | None = None
    about: Annotated[list[UUID], Field(max_length=20)] = []
    origin: Origin | None = None


@asynccontextmanager
async def settled(app: FastAPI) -> AsyncIterator[None]:
    settle_garbage_collector()
    yield


app = FastAPI(lifespan=settled)


@app.post("/v1/opinions")
async def submit_opinion(opinion: Opinion) -> Response:
    return Response(ACCEPTED, 201, media_type="application/json")
