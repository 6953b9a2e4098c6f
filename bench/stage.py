"""The processes that a run needs: each is started when the first row asks for it, shared by all, and ended with the run."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

Made = TypeVar("Made")


class Stage:
    """`folder` is for logs and data of this run, `scale` what part of the full size of tables is filled. Parts may start at the
    same time; the last to be ready is ended first."""

    def __init__(self, folder: Path, *, scale: float = 1.0) -> None:
        self.folder = folder
        self.scale = scale
        self._parts: dict[object, asyncio.Future[Any]] = {}
        self._stack = AsyncExitStack()

    async def use(self, part: "Part[Made]") -> Made:
        """What `part` yields; it is entered once, however many ask."""
        if part not in self._parts:
            self._parts[part] = asyncio.ensure_future(self._stack.enter_async_context(part(self)))
        made: Made = await asyncio.shield(self._parts[part])
        return made

    async def enter(self, context: AbstractAsyncContextManager[Made]) -> Made:
        """What only one row needs."""
        return await self._stack.enter_async_context(context)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.gather(*self._parts.values(), return_exceptions=True)
        await self._stack.aclose()


Part = Callable[[Stage], AbstractAsyncContextManager[Made]]
"""What a stage enters once and ends with itself."""
