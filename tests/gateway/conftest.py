"""A gateway on a fresh database, its services absent."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.support import Gateway, open_gateway
from tests.support.clock import ManualClock
from tests.support.databases import Databases


@pytest.fixture
def database(databases: Databases) -> str:
    return databases.fresh("gateway")


@pytest.fixture
async def gateway(database: str, clock: ManualClock) -> AsyncIterator[Gateway]:
    async with open_gateway(database, clock, upstreams={}, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as opened:
        yield opened
