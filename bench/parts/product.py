"""What the product's processes have in common: secrets of this run, a migrated database."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.parts.postgres import postgres
from bench.stage import Stage
from shared.migrations import migrate_async

SERVICES = Path(__file__).parents[2] / "services"
INTERNAL_SECRET = secrets.token_urlsafe(48)


@asynccontextmanager
async def migrated(stage: Stage, service: str, name: str) -> AsyncIterator[dict[str, str]]:
    """A database of this service's schema; yields the environment that points the service to it."""
    server = await stage.use(postgres)
    async with server.database(name) as url:
        await migrate_async(SERVICES / service / "migrations", url)
        yield {f"MASSLINE_{service.upper()}_DATABASE_URL": url, "MASSLINE_INTERNAL_SECRET": INTERNAL_SECRET}
