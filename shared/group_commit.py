"""Adaptive group commit: while one batch is being written the next one gathers, so the busier it is the less each one costs.

Everybody is answered only after the commit of its batch. If a batch fails, its members are tried alone, so that the one that
caused it fails by itself; if the database is away, all of them hear that.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from shared.db import is_outage

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 200


class GroupCommit(Generic[Item, Result]):
    """`write` takes a batch in one transaction and returns, in the same order, each member's result or its own error.

    A caller that is cancelled does not take its item back: what was added is written once, whoever still waits for it.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]], *, most: int = MOST) -> None:
        self._write = write
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Returns once the item is committed; raises what writing it raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="group-commit", context=Context())
        return await future

    async def drain(self) -> None:
        """Return when everything added so far is written or has failed."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            await self._settle(batch)

    async def _settle(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not is_outage(error):
                for member in batch:
                    await self._settle([member])
                return
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
