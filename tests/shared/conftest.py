from collections.abc import AsyncIterator

import pytest

from tests.shared.toy import Toy, open_toy
from tests.support.databases import Databases


@pytest.fixture
async def toy(databases: Databases) -> AsyncIterator[Toy]:
    async with open_toy(databases.fresh("kernel")) as opened:
        yield opened
