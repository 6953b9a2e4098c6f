"""One stage for the whole matrix: what is refused changes nothing, and what is granted is played on something fresh."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.authorisation.stage import Stage, open_stage
from tests.support.databases import Databases


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(databases: Databases) -> AsyncIterator[Stage]:
    async with open_stage(databases) as opened:
        yield opened
