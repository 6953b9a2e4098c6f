"""Waiting for what another service will have heard of soon."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


async def eventually(probe: Callable[[], Awaitable[Result]], *, within: float = 15.0, every: float = 0.05) -> Result:
    """The first answer of `probe` that holds (is truthy, raises no AssertionError). The bound only ends a hopeless wait."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        try:
            result = await probe()
            if result:
                return result
        except AssertionError:
            if loop.time() > deadline:
                raise
        if loop.time() > deadline:
            raise AssertionError(f"never held within {within} s: last answer {result!r}")
        await asyncio.sleep(every)
